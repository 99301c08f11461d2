// What the command line asks for.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace newsgenre {

struct ClientConfig {
  std::string address = "localhost:50051";   // HOST:PORT, or any name that gRPC resolves
  std::string command;                       // "classify" or "model"
  std::vector<std::string> texts;            // to classify; empty where `input` is given
  std::string input;                         // path of a CSV or JSON Lines file to classify
  std::string output = "-";                  // path of the JSON Lines to write, "-" for standard output
  std::chrono::milliseconds timeout{30000};  // of one text, retries included
  int concurrency = 64;                      // calls at a time

  // INVALID_ARGUMENT names the first field that is missing or out of range, its value and the limit.
  absl::Status Validate() const;
};

}  // namespace newsgenre
