// The server's command line (Abseil flags, also --flagfile).
#pragma once

#include "absl/status/statusor.h"
#include "server/config.h"

namespace newsgenre {

// Parses the command line into a config, not yet validated. Prints the manual and exits on --help; exits with
// 1 on a flag that it can't read, as Abseil does. INVALID_ARGUMENT for words that are not flags. Once, from
// main().
absl::StatusOr<ServerConfig> ParseFlags(int argc, char** argv);

}  // namespace newsgenre
