// Reads zip archives as torch.save writes them: without compression, with or without zip64.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace newsgenre {

// Returns the contents of the entries by name, as views into `bytes`. Allocates nothing in proportion to
// sizes that the archive states. Checks every CRC-32.
//
// Returns INVALID_ARGUMENT with the name of an entry that is compressed or encrypted; DATA_LOSS if the file
// is not an archive or is truncated, if a name occurs twice, if an entry is outside the file or overlaps
// another, or if a CRC-32 is wrong. Pure; safe to call from any thread.
absl::StatusOr<std::map<std::string, std::string_view>> ParseStoredZip(std::string_view bytes);

}  // namespace newsgenre
