// Conversion of protobuf messages and statuses to and from gRPC's types.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/status.h"

namespace newsgenre {

// Parses `bytes` into `message`. Returns INVALID_ARGUMENT if they are not a message of its type; the error
// names the field if a string is not valid UTF-8.
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message* message);

grpc::ByteBuffer SerializeMessage(const google::protobuf::Message& message);

// Returns the path of the first string in `message` that is not valid UTF-8, such as "requests[3].text", or
// an empty string if all are valid.
std::string FindInvalidUtf8(const google::protobuf::Message& message);

grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace newsgenre
