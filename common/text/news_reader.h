// Reader of news items from files: AG News's published CSV format, or JSON Lines.
//
// CSV (RFC 4180, quotes optional, no header row): `"class","title","description"`. If labels are optional,
// the class can be empty, and `"title","description"` and `"text"` are accepted, too. JSON Lines: {"text": …}
// or {"title": …, "body": …}, and "label"; other keys are ignored. A label is a name, or a 1-based number
// like AG News's classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Returns the names of AG News's classes 1 to 4.
const std::vector<std::string>& AgNewsLabels();

// One news item. Title and body are the file's bytes, unchanged; at most one of them is empty.
struct NewsRow {
  std::string title;
  std::string body;          // also holds a "text"
  std::optional<int> label;  // index into NewsFormat::labels
  int64_t line = 0;          // 1-based line number of the row's start
};

struct NewsFormat {
  std::vector<std::string> labels = AgNewsLabels();
  bool labels_required = true;
  int64_t max_row_bytes = int64_t{1} << 20;
};

// Collects the bad rows of a file. Not thread-safe.
class BadRows {
 public:
  // `file` is the name used in the listing.
  explicit BadRows(std::string file) : file_(std::move(file)) {}
  void Add(int64_t line, const std::string& problem);
  int64_t count() const { return count_; }
  // Returns "2 bad rows", followed by one line "file:line: problem" for each.
  std::string ToString() const;
  // Returns INVALID_ARGUMENT with ToString() if there are more than `allowed` bad rows.
  absl::Status ToStatus(int64_t allowed = 0) const;

 private:
  std::string file_;
  int64_t count_ = 0;
  std::string listing_;
};

// Parses the bytes of a file and returns its rows in order. `file` is its name for errors; the extension
// selects the format (.csv, .jsonl, .json, .ndjson). With any other extension, a file whose first character
// is { is JSON Lines. Accepts a byte order mark, CRLF and blank lines. Returns INVALID_ARGUMENT with a list
// of all bad rows (BadRows), or if there is no row. Thread-safe.
absl::StatusOr<std::vector<NewsRow>> ParseNews(std::string_view bytes, const std::string& file,
                                               const NewsFormat& format = {});

// Same as ParseNews, but skips bad rows and adds them to `bad`. Returns INVALID_ARGUMENT only if the file has
// neither good nor bad rows.
absl::StatusOr<std::vector<NewsRow>> ParseGoodNews(std::string_view bytes, const std::string& file,
                                                   const NewsFormat& format, BadRows* bad);

// Reads the file at `path` and parses it with ParseNews. Returns the errors of ReadFile and ParseNews.
absl::StatusOr<std::vector<NewsRow>> ReadNews(const std::string& path, const NewsFormat& format = {});

}  // namespace newsgenre
