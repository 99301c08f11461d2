#include "server/rpc/request_checks.h"

#include <limits>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

constexpr RequestLimits kLimits = {10, 3};

v1::ClassifyRequest Request(const std::string& text, const std::string& title, const std::string& body) {
  v1::ClassifyRequest request;
  request.set_text(text);
  request.set_title(title);
  request.set_body(body);
  return request;
}

TEST(RequestTextTest, TheTextOrTitleAndBody) {
  const struct {
    std::string text, title, body, expected;
  } cases[] = {
      {"ten bytes.", "", "", "ten bytes."},
      {"", "title", "body", "title body"},
      {"", "title", "", "title"},
      {"", "", "body", "body"},
      {"", "12345", "67890", "12345 67890"},  // the joining space is not the caller's
  };
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string text, RequestText(Request(c.text, c.title, c.body), kLimits));
    EXPECT_EQ(text, c.expected);
  }
}

TEST(RequestTextTest, ErrorsNameFieldValueAndLimit) {
  const struct {
    std::string text, title, body, message;
  } cases[] = {
      {"", "", "", "text, title and body have 0 bytes; the least is 1 byte"},
      {"eleven byte", "", "", "text has 11 bytes; the limit is 10 bytes"},
      {"", "123456", "78901", "title and body have 11 bytes; the limit is 10 bytes"},
      {"text", "title", "",
       "text (4 bytes) is set together with title; the limit is one of them: text, or title and body"},
      {"text", "", "body",
       "text (4 bytes) is set together with body; the limit is one of them: text, or title and body"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(RequestText(Request(c.text, c.title, c.body), kLimits),
                StatusIs(absl::StatusCode::kInvalidArgument, c.message));
  }
}

TEST(NothingLeftErrorTest, NamesFieldValueAndLimit) {
  EXPECT_THAT(NothingLeftError(Request(" \n ", "", "")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "text has 3 bytes, of which cleaning leaves 0 tokens; the least is 1 token"));
  EXPECT_THAT(
      NothingLeftError(Request("", "<b>", "</b>")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "title and body have 7 bytes, of which cleaning leaves 0 tokens; the least is 1 token"));
}

TEST(CheckBatchSizeTest, OneToTheLimit) {
  EXPECT_THAT(CheckBatchSize(1, kLimits), IsOk());
  EXPECT_THAT(CheckBatchSize(3, kLimits), IsOk());
  EXPECT_THAT(CheckBatchSize(0, kLimits),
              StatusIs(absl::StatusCode::kInvalidArgument, "requests has 0 texts; the least is 1 text"));
  EXPECT_THAT(CheckBatchSize(4, kLimits),
              StatusIs(absl::StatusCode::kInvalidArgument, "requests has 4 texts; the limit is 3 texts"));
}

TEST(MaxReceiveBytesTest, LiesAboveWhatTheLimitsAllow) {
  v1::BatchClassifyRequest batch;
  for (int i = 0; i < kLimits.max_batch_texts; ++i) *batch.add_requests() = Request("", "12345", "67890");
  EXPECT_GT(MaxReceiveBytes(kLimits), static_cast<int>(batch.ByteSizeLong()));
  EXPECT_GT(MaxReceiveBytes(kLimits), 4 << 20);
  EXPECT_EQ(MaxReceiveBytes({1 << 20, 4096}), std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace newsgenre
