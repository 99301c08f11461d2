#include "common/base/flag_checks.h"

#include <cmath>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace newsgenre {
namespace {

std::string FormatNumber(double value) {
  std::ostringstream text;
  text.precision(15);
  text << value;
  return text.str();
}

absl::Status OutOfLimits(std::string_view flag, const std::string& value, const std::string& limit) {
  return absl::InvalidArgumentError("--" + std::string(flag) + " is " + value + "; it must be " + limit);
}

std::string Quoted(std::string_view value) { return "'" + std::string(value) + "'"; }

}  // namespace

absl::Status CheckRequired(std::string_view flag, std::string_view value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("--" + std::string(flag) + " is required");
}

absl::Status CheckRange(std::string_view flag, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return absl::OkStatus();
  return OutOfLimits(flag, FormatNumber(value),
                     FormatNumber(low) + (high == kNoLimit ? " or more" : " to " + FormatNumber(high)));
}

absl::Status CheckPositive(std::string_view flag, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return OutOfLimits(flag, FormatNumber(value), "above 0");
}

absl::Status CheckOneOf(std::string_view flag, std::string_view value,
                        std::initializer_list<std::string_view> allowed) {
  std::string list;
  for (const std::string_view option : allowed) {
    if (value == option) return absl::OkStatus();
    list += (list.empty() ? "" : " or ") + std::string(option);
  }
  return OutOfLimits(flag, Quoted(value), list);
}

absl::Status CheckAddress(std::string_view flag, std::string_view value) {
  const size_t colon = value.rfind(':');
  int port = -1;
  if (colon != std::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(absl::string_view(value.data() + colon + 1, value.size() - colon - 1), &port) &&
      port >= 0 && port <= 65535) {
    return absl::OkStatus();
  }
  return OutOfLimits(flag, Quoted(value), "HOST:PORT with a port from 0 to 65535");
}

}  // namespace newsgenre
