// Checks of command-line flags: one place and one wording for the three programs.
#pragma once

#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace newsgenre {

// Each check returns OK, or INVALID_ARGUMENT with a message that names the flag, its value and the limit:
// "--epochs is 0; it must be 1 to 1000". `flag` is the name without dashes.

// The value is not empty.
absl::Status CheckRequired(std::string_view flag, std::string_view value);

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// The value is finite and lies from `low` to `high`, both included. `high` may be kNoLimit. Integers up to
// 2^53 are exact.
absl::Status CheckRange(std::string_view flag, double value, double low, double high);

// The value is finite and above 0.
absl::Status CheckPositive(std::string_view flag, double value);

// The value is one of those allowed.
absl::Status CheckOneOf(std::string_view flag, std::string_view value,
                        std::initializer_list<std::string_view> allowed);

// The value is HOST:PORT, with a host that is not empty and a port from 0 to 65535.
absl::Status CheckAddress(std::string_view flag, std::string_view value);

}  // namespace newsgenre
