#include "server/rpc/messages.h"

#include <vector>

#include "common/text/clean_text.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/impl/codegen/proto_utils.h"

namespace newsgenre {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using MessageTraits = grpc::SerializationTraits<Message>;

bool IsUtf8(const std::string& bytes) { return ReplaceInvalidUtf8(bytes) == bytes; }

// FindInvalidUtf8 for one value of a field. `index` is -1 if the field is not repeated.
std::string FindInvalidUtf8InValue(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const std::string path = field.name() + (index < 0 ? "" : "[" + std::to_string(index) + "]");
  if (field.type() == FieldDescriptor::TYPE_STRING) {
    const std::string value = index < 0 ? reflection.GetString(message, &field)
                                        : reflection.GetRepeatedString(message, &field, index);
    return IsUtf8(value) ? "" : path;
  }
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    const std::string inner =
        FindInvalidUtf8(index < 0 ? reflection.GetMessage(message, &field)
                                  : reflection.GetRepeatedMessage(message, &field, index));
    return inner.empty() ? "" : path + "." + inner;
  }
  return "";
}

}  // namespace

std::string FindInvalidUtf8(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int first = field->is_repeated() ? 0 : -1;
    const int end = field->is_repeated() ? reflection.FieldSize(message, field) : 0;
    for (int index = first; index < end; ++index) {
      std::string path = FindInvalidUtf8InValue(message, *field, index);
      if (!path.empty()) return path;
    }
  }
  return "";
}

absl::Status ParseMessage(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::ByteBuffer buffer = bytes;  // shares the bytes; Deserialize consumes it
  if (MessageTraits::Deserialize(&buffer, message).ok()) return absl::OkStatus();
  // The parser stops at a string that is not valid UTF-8, but stores it first.
  const std::string path = FindInvalidUtf8(*message);
  if (!path.empty()) return absl::InvalidArgumentError(path + " is not valid UTF-8");
  return absl::InvalidArgumentError("the request of " + std::to_string(bytes.Length()) +
                                    " bytes is not a protobuf message of type " + message->GetTypeName());
}

grpc::ByteBuffer SerializeMessage(const Message& message) {
  const grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace newsgenre
