// The server's command line: Abseil flags, including --flagfile.
#pragma once

#include "absl/status/statusor.h"
#include "server/config.h"

namespace newsgenre {

// Parses the command line into a configuration that is not yet validated. Returns INVALID_ARGUMENT for words
// that are not flags. Prints the usage and exits on --help; exits with 1 on a flag that it can't parse, as
// Abseil does. Call it once, from main().
absl::StatusOr<ServerConfig> ParseFlags(int argc, char** argv);

}  // namespace newsgenre
