// Connects to a newsgenre server.
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
  v1::GetModelResponse model;  // as of Connect
};

// Asks the server at `address` which model it serves. Returns UNAVAILABLE with advice if no server answers
// there, or the server's own error.
absl::StatusOr<Connection> Connect(const std::string& address, std::chrono::milliseconds timeout);

absl::Status ToAbslStatus(const grpc::Status& status);

}  // namespace newsgenre
