// Protobuf messages in and out of gRPC's byte buffers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/status.h"

namespace newsgenre {

// INVALID_ARGUMENT where the bytes are no such message; where a string is to blame, its field is named.
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message* message);

grpc::ByteBuffer SerializeMessage(const google::protobuf::Message& message);

// The path of the first string of `message` that is not valid UTF-8, such as "requests[3].text"; empty where
// all are.
std::string FindInvalidUtf8(const google::protobuf::Message& message);

grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace newsgenre
