// Macros and functions that propagate errors.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Returns `status` with "context: " prepended to its message, or an OK status unchanged. Only the layer that
// knows the file, line or field adds this context.
inline absl::Status AddContext(const absl::Status& status, const std::string& context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), context + ": " + std::string(status.message()));
}

}  // namespace newsgenre

#define NEWSGENRE_CONCAT_INNER(a, b) a##b
#define NEWSGENRE_CONCAT(a, b) NEWSGENRE_CONCAT_INNER(a, b)

// Evaluates `expression`, an absl::Status, and returns it from the function if it is an error.
#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// Assigns the value of an absl::StatusOr, or returns its error from the function:
//   ASSIGN_OR_RETURN(int n, ParseInt(text));
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot be put in parentheses.
#define ASSIGN_OR_RETURN(lhs, expression) \
  ASSIGN_OR_RETURN_INNER(NEWSGENRE_CONCAT(status_or_, __LINE__), lhs, expression)
#define ASSIGN_OR_RETURN_INNER(status_or, lhs, expression)   \
  auto status_or = (expression);                             \
  if (!status_or.ok()) return std::move(status_or).status(); \
  lhs = *std::move(status_or)
// NOLINTEND(bugprone-macro-parentheses)
