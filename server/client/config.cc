#include "server/client/config.h"

namespace newsgenre {

absl::Status ClientConfig::Validate() const {
  if (address.empty()) return absl::InvalidArgumentError("--address is empty; give it as HOST:PORT");
  if (command.empty()) {
    return absl::InvalidArgumentError("no command; give classify or model (--help tells more)");
  }
  if (command != "classify" && command != "model") {
    return absl::InvalidArgumentError("unknown command " + command +
                                      "; give classify or model (--help tells more)");
  }
  if (command == "model" && !texts.empty()) {
    return absl::InvalidArgumentError("model takes no argument, but got " + texts.front());
  }
  if (command == "classify" && texts.empty() == input.empty()) {
    return absl::InvalidArgumentError("classify takes either texts as arguments or --input=FILE");
  }
  if (timeout < std::chrono::milliseconds(1)) {
    return absl::InvalidArgumentError("--timeout is " + std::to_string(timeout.count()) +
                                      " ms, the least is 1 ms");
  }
  if (concurrency < 1 || concurrency > 1024) {
    return absl::InvalidArgumentError("--concurrency is " + std::to_string(concurrency) +
                                      " calls, the limits are 1 and 1024");
  }
  return absl::OkStatus();
}

}  // namespace newsgenre
