// A server that answers.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/support/status.h"
#include "newsgenre/v1/classifier.grpc.pb.h"

namespace newsgenre {

struct Connection {
  std::unique_ptr<v1::ClassifierService::StubInterface> stub;
  v1::GetModelResponse model;  // as the server described it when it was first asked
};

// Asks the server at `address` which model it serves. UNAVAILABLE where nothing answers there: the message
// says what to do; otherwise the server's own error.
absl::StatusOr<Connection> Connect(const std::string& address, std::chrono::milliseconds timeout);

absl::Status ToAbslStatus(const grpc::Status& status);

}  // namespace newsgenre
