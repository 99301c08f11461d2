// The client's command line (Abseil flags).
#pragma once

#include "server/client/config.h"

namespace newsgenre {

// Parses the command line into a configuration that is not yet validated. Prints the usage and exits on
// --help; exits with 1 on a flag that it can't parse, as Abseil does. Call it once, from main().
ClientConfig ParseClientFlags(int argc, char** argv);

}  // namespace newsgenre
