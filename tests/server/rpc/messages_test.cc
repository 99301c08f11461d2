#include "server/rpc/messages.h"

#include "gmock/gmock.h"
#include "newsgenre/v1/classifier.pb.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// Returns the length-delimited field `number` (https://protobuf.dev/programming-guides/encoding). The tag and
// the length must each fit in a byte.
std::string Field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

TEST(ParseMessageTest, ParsesTheOutputOfSerializeMessage) {
  v1::ClassifyRequest written, read;
  written.set_title("Überschrift");
  EXPECT_THAT(ParseMessage(SerializeMessage(written), &read), IsOk());
  EXPECT_EQ(read.title(), "Überschrift");
}

TEST(ParseMessageTest, ParsesNoBytesAsAnEmptyMessage) {
  v1::ClassifyRequest request;
  EXPECT_THAT(ParseMessage(Bytes(""), &request), IsOk());
}

TEST(ParseMessageTest, NamesTheExpectedMessageType) {
  v1::ClassifyRequest request;
  EXPECT_THAT(
      ParseMessage(Bytes("\x0a\x7f"), &request),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "the request of 2 bytes is not a protobuf message of type newsgenre.v1.ClassifyRequest"));
}

TEST(ParseMessageTest, NamesTheStringThatIsNotUtf8) {
  v1::ClassifyRequest request;
  EXPECT_THAT(ParseMessage(Bytes(Field(3, "caf\xe9")), &request),
              StatusIs(absl::StatusCode::kInvalidArgument, "body is not valid UTF-8"));
  v1::BatchClassifyRequest batch;
  EXPECT_THAT(ParseMessage(Bytes(Field(1, Field(1, "good")) + Field(1, Field(1, "\xff"))), &batch),
              StatusIs(absl::StatusCode::kInvalidArgument, "requests[1].text is not valid UTF-8"));
}

TEST(ToGrpcStatusTest, KeepsCodeAndMessage) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const grpc::Status status = ToGrpcStatus(absl::ResourceExhaustedError("full"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "full");
}

}  // namespace
}  // namespace newsgenre
