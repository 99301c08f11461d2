// GoogleMock matchers for absl::Status and absl::StatusOr:
//   EXPECT_THAT(status, IsOk());
//   EXPECT_THAT(status_or, StatusIs(absl::StatusCode::kNotFound, HasSubstr("config.json")));
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace newsgenre {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, "is OK") {
  const absl::Status& status = GetStatus(arg);
  *result_listener << status.ToString();
  return status.ok();
}

MATCHER_P2(StatusIs, code, message_matcher, "has code " + absl::StatusCodeToString(code)) {
  const absl::Status& status = GetStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         testing::ExplainMatchResult(message_matcher, std::string(status.message()), result_listener);
}

}  // namespace newsgenre

// Assigns the value of an absl::StatusOr, or fails the test at once:
//   ASSERT_OK_AND_ASSIGN(auto value, MakeValue());
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot be put in parentheses.
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_INNER(NEWSGENRE_TEST_CONCAT(status_or_, __LINE__), lhs, expression)
#define NEWSGENRE_TEST_CONCAT_INNER(a, b) a##b
#define NEWSGENRE_TEST_CONCAT(a, b) NEWSGENRE_TEST_CONCAT_INNER(a, b)
#define ASSERT_OK_AND_ASSIGN_INNER(status_or, lhs, expression) \
  auto status_or = (expression);                               \
  ASSERT_THAT(status_or, ::newsgenre::IsOk());                 \
  lhs = *std::move(status_or)
// NOLINTEND(bugprone-macro-parentheses)
