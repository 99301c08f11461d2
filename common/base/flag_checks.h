// Checks of command-line flag values, with the same wording in all three programs. Thread-safe.
#pragma once

#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace newsgenre {

// `flag` is the flag's name without dashes. Each check returns INVALID_ARGUMENT with a message that names the
// flag, its value and the limit, such as "--epochs is 0; it must be 1 to 1000".

// Checks that the value is not empty.
absl::Status CheckRequired(std::string_view flag, std::string_view value);

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// Checks that the value is finite and in [low, high]. `high` can be kNoLimit. Integers up to 2^53 are exact.
absl::Status CheckRange(std::string_view flag, double value, double low, double high);

// Checks that the value is finite and above 0.
absl::Status CheckPositive(std::string_view flag, double value);

// Checks that the value is in `allowed`.
absl::Status CheckOneOf(std::string_view flag, std::string_view value,
                        std::initializer_list<std::string_view> allowed);

// Checks that the value is HOST:PORT with a non-empty host and a port from 0 to 65535.
absl::Status CheckAddress(std::string_view flag, std::string_view value);

}  // namespace newsgenre
