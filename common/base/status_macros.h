// The two macros that pass an error on.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// `status` with "context: " before its message; an OK status stays as it is. The layer that knows the file,
// line or field adds it, once.
inline absl::Status AddContext(const absl::Status& status, const std::string& context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), context + ": " + std::string(status.message()));
}

}  // namespace newsgenre

#define NEWSGENRE_CONCAT_INNER(a, b) a##b
#define NEWSGENRE_CONCAT(a, b) NEWSGENRE_CONCAT_INNER(a, b)

// Returns from the function when `expression`, an absl::Status, is an error.
#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// ASSIGN_OR_RETURN(int n, ParseInt(text)): returns the error of an absl::StatusOr, or assigns its value.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration can't stand in parentheses.
#define ASSIGN_OR_RETURN(lhs, expression) \
  ASSIGN_OR_RETURN_INNER(NEWSGENRE_CONCAT(status_or_, __LINE__), lhs, expression)
#define ASSIGN_OR_RETURN_INNER(status_or, lhs, expression)   \
  auto status_or = (expression);                             \
  if (!status_or.ok()) return std::move(status_or).status(); \
  lhs = *std::move(status_or)
// NOLINTEND(bugprone-macro-parentheses)
