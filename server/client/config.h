// The client's configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace newsgenre {

// Flags of the same names set these fields; flags.cc documents them. `command` and `texts` come from the
// positional arguments.
struct ClientConfig {
  std::string address = "localhost:50051";  // any name that gRPC resolves
  std::string command;                      // "classify" or "model"
  std::vector<std::string> texts;           // empty if `input` is given
  std::string input;
  std::string output = "-";                  // standard output
  std::chrono::milliseconds timeout{30000};  // per text
  int concurrency = 64;                      // calls

  // Returns INVALID_ARGUMENT for the first missing or bad value, with the flag, its value and the limit.
  absl::Status Validate() const;
};

}  // namespace newsgenre
