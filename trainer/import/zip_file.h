// The zip archives that torch.save writes: entries stored, not compressed; zip64 included.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace newsgenre {

// The entries' bytes by name, as views into `bytes`; each one's CRC-32 is checked. INVALID_ARGUMENT names an
// entry that is compressed or encrypted; DATA_LOSS: no archive, cut short, a name that comes twice, an entry
// that lies outside the file, entries that overlap, a wrong CRC-32. Pure; any thread.
absl::StatusOr<std::map<std::string, std::string_view>> ParseStoredZip(std::string_view bytes);

}  // namespace newsgenre
