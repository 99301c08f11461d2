#include "server/client/config.h"

#include "common/base/flag_checks.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

absl::Status CheckCommand(const std::string& command) {
  if (command == "classify" || command == "model") return absl::OkStatus();
  const std::string problem = command.empty() ? "no command" : "unknown command " + command;
  return absl::InvalidArgumentError(problem + "; it must be classify or model (see --help)");
}

}  // namespace

absl::Status ClientConfig::Validate() const {
  RETURN_IF_ERROR(CheckRequired("address", address));
  RETURN_IF_ERROR(CheckCommand(command));
  if (command == "model" && !texts.empty()) {
    return absl::InvalidArgumentError("model takes no argument, but got " + texts.front());
  }
  if (command == "classify" && texts.empty() == input.empty()) {
    return absl::InvalidArgumentError("classify takes either texts as arguments or --input=FILE");
  }
  RETURN_IF_ERROR(CheckPositive("timeout", static_cast<double>(timeout.count())));
  return CheckRange("concurrency", concurrency, 1, 1024);
}

}  // namespace newsgenre
