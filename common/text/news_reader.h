// News items from a file: AG News's CSV as it is published, or JSON Lines.
//
// CSV (RFC 4180, quotes optional, no heading): `"class","title","description"`. Where labels may be missing
// also `"title","description"` and `"text"`, and the class may be empty.
// JSON Lines: {"text": …} or {"title": …, "body": …}, and "label"; other keys are ignored.
// A label is a name, or a number that counts from 1 as AG News's classes do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// AG News's classes 1 to 4.
const std::vector<std::string>& AgNewsLabels();

// The bytes as they stand in the file; title and body are not both empty.
struct NewsRow {
  std::string title;
  std::string body;
  std::optional<int> label;  // index into NewsFormat::labels
  int64_t line = 0;          // where the row starts, counted from 1
};

struct NewsFormat {
  std::vector<std::string> labels = AgNewsLabels();
  bool labels_required = true;
  int64_t max_row_bytes = int64_t{1} << 20;
};

// What is wrong with a file, row by row.
class BadRows {
 public:
  explicit BadRows(std::string file) : file_(std::move(file)) {}
  void Add(int64_t line, const std::string& problem);
  int64_t count() const { return count_; }
  // "2 bad rows", and each on a line of its own as "file:line: problem".
  std::string ToString() const;
  // OK with at most `allowed` of them, else INVALID_ARGUMENT with ToString.
  absl::Status ToStatus(int64_t allowed = 0) const;

 private:
  std::string file_;
  int64_t count_ = 0;
  std::string listing_;
};

// All rows of a file's bytes, in order. `file` names it in errors, and its ending tells the format (.csv,
// .jsonl, .json, .ndjson); with another ending, a first character { means JSON Lines. A byte order mark, CRLF
// and blank lines are allowed. INVALID_ARGUMENT reports every bad row (BadRows), or that there is no row at
// all. Pure; any thread.
absl::StatusOr<std::vector<NewsRow>> ParseNews(std::string_view bytes, const std::string& file,
                                               const NewsFormat& format = {});

// The same, but the bad rows are left out and added to `bad`, which names the file; INVALID_ARGUMENT where
// not one row, good or bad, is there.
absl::StatusOr<std::vector<NewsRow>> ParseGoodNews(std::string_view bytes, const std::string& file,
                                                   const NewsFormat& format, BadRows* bad);

// ParseNews on the file at `path`. NOT_FOUND and so on as ReadFile gives them.
absl::StatusOr<std::vector<NewsRow>> ReadNews(const std::string& path, const NewsFormat& format = {});

}  // namespace newsgenre
