// JSON that another program wrote.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace newsgenre {

// DATA_LOSS: not a JSON object in UTF-8, an object with the same name twice, or arrays and objects that are
// nested deeper than 32 levels; those are never built, as a deep tree exhausts the stack of whoever walks it
// (dump, ==, or a copy, which an ordered_json makes of itself). Pure; any thread.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text);

}  // namespace newsgenre
