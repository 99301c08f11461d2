// The client's command line (Abseil flags).
#pragma once

#include "server/client/config.h"

namespace newsgenre {

// Parses the command line into a config, which is not validated yet. Prints the manual and exits on --help,
// and exits with 1 on an unknown or malformed flag. Call once, from main().
ClientConfig ParseClientFlags(int argc, char** argv);

}  // namespace newsgenre
