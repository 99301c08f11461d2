#include "server/rpc/request_checks.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "newsgenre/v1/classifier.pb.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

constexpr RequestLimits kLimits = {10, 3};

TEST(RequestTextTest, ReturnsTheTextOrTitleAndBodyJoined) {
  const struct {
    std::string text, title, body, expected;
  } cases[] = {
      {"ten bytes.", "", "", "ten bytes."},
      {"", "title", "body", "title body"},
      {"", "title", "", "title"},
      {"", "", "body", "body"},
      {"", "12345", "67890", "12345 67890"},  // the joining space does not count
  };
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string text, RequestText({c.text, c.title, c.body}, kLimits));
    EXPECT_EQ(text, c.expected);
  }
}

TEST(RequestTextTest, ErrorsNameTheFieldTheValueAndTheLimit) {
  const struct {
    std::string text, title, body, message;
  } cases[] = {
      {"", "", "", "text, title and body have 0 bytes; the minimum is 1 byte"},
      {"eleven byte", "", "", "text has 11 bytes; the limit is 10 bytes"},
      {"", "123456", "78901", "title and body have 11 bytes; the limit is 10 bytes"},
      {"text", "title", "",
       "text (4 bytes) and title are both set; a request has either a text, or a title and a body"},
      {"text", "", "body",
       "text (4 bytes) and body are both set; a request has either a text, or a title and a body"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(RequestText({c.text, c.title, c.body}, kLimits),
                StatusIs(absl::StatusCode::kInvalidArgument, c.message));
  }
}

TEST(NoTokensErrorTest, NamesTheFieldTheValueAndTheLimit) {
  EXPECT_THAT(NoTokensError({" \n ", "", ""}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "text has 3 bytes and, after cleaning, 0 tokens; the minimum is 1 token"));
  EXPECT_THAT(NoTokensError({"", "<b>", "</b>"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "title and body have 7 bytes and, after cleaning, 0 tokens; the minimum is 1 token"));
}

TEST(CheckBatchSizeTest, AcceptsOneToTheLimit) {
  EXPECT_THAT(CheckBatchSize("requests", 1, kLimits), IsOk());
  EXPECT_THAT(CheckBatchSize("requests", 3, kLimits), IsOk());
  EXPECT_THAT(CheckBatchSize("requests", 0, kLimits),
              StatusIs(absl::StatusCode::kInvalidArgument, "requests has 0 texts; the minimum is 1 text"));
  EXPECT_THAT(CheckBatchSize("requests", 4, kLimits),
              StatusIs(absl::StatusCode::kInvalidArgument, "requests has 4 texts; the limit is 3 texts"));
}

TEST(MaxReceiveBytesTest, ExceedsTheLargestAllowedMessage) {
  v1::BatchClassifyRequest batch;
  for (int i = 0; i < kLimits.max_batch_texts; ++i) {
    v1::ClassifyRequest* request = batch.add_requests();
    request->set_title("12345");
    request->set_body("67890");
  }
  EXPECT_GT(MaxReceiveBytes(kLimits), static_cast<int>(batch.ByteSizeLong()));
  EXPECT_GT(MaxReceiveBytes(kLimits), 4 << 20);
  EXPECT_EQ(MaxReceiveBytes({1 << 20, 4096}), std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace newsgenre
