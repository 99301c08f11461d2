// The server's configuration. flags.cc describes each value for users.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/classifier/classifier_model.h"
#include "server/rpc/request_checks.h"

namespace newsgenre {

struct ServerConfig {
  std::string address = "0.0.0.0:50051";         // HOST:PORT
  std::string metrics_address = "0.0.0.0:9464";  // HOST:PORT

  ClassifierModelOptions model;
  bool self_test = false;

  RequestLimits limits;
  int max_queue_texts = 1024;

  int drain_seconds = 20;

  // Returns INVALID_ARGUMENT for the first bad value, with its flag and its limit.
  absl::Status Validate() const;
};

}  // namespace newsgenre
