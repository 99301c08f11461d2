// Texts of the command line through the server.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "server/client/classify_all.h"
#include "server/client/connection.h"

namespace newsgenre {

// Writes a table for each text to `out`, in the texts' order, or why there is none. Returns how many failed.
size_t ClassifyTexts(const Connection& connection, const std::vector<std::string>& texts,
                     const CallOptions& options, std::ostream* out);

}  // namespace newsgenre
