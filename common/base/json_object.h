// Strict parsing of untrusted JSON.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace newsgenre {

// Parses a JSON object. Returns DATA_LOSS if `text` is not a JSON object in UTF-8, an object has a duplicate
// name, or the nesting is deeper than 32 levels. A deeper tree is never built, because recursive operations
// on it (dump, ==, the copies that ordered_json makes internally) would exhaust the stack. Thread-safe.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text);

}  // namespace newsgenre
