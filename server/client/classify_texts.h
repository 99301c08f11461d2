// Classifies texts given on the command line with the server.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "server/client/classify_all.h"
#include "server/client/connection.h"

namespace newsgenre {

// Writes a table, or the error, for each text to `out`, in the order of the texts. Returns the number of
// texts that failed.
size_t ClassifyTexts(const Connection& connection, const std::vector<std::string>& texts,
                     const CallOptions& options, std::ostream* out);

}  // namespace newsgenre
