#include "common/text/news_reader.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsJsonLines(std::string_view bytes, std::string_view file) {
  const std::string ending = std::filesystem::path(file).extension();
  if (ending == ".jsonl" || ending == ".json" || ending == ".ndjson") return true;
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return ending != ".csv" && first != std::string_view::npos && bytes[first] == '{';
}

// Returns a value from the file in quotes, truncated and escaped for use in a message.
std::string Quoted(std::string_view value) {
  constexpr size_t kShown = 40;
  const std::string escaped = absl::Utf8SafeCHexEscape(std::string(value.substr(0, kShown)));
  return "\"" + escaped + (value.size() > kShown ? "…\"" : "\"");
}

std::string TooLong(int64_t max_row_bytes) {
  return "the row is longer than " + std::to_string(max_row_bytes) + " bytes (is a quote left open?)";
}

// Returns the index of a label given by name or number. On failure, returns -1 and sets `problem`.
int FindLabel(std::string_view value, const std::vector<std::string>& labels, std::string* problem) {
  const auto name = std::find(labels.begin(), labels.end(), value);
  if (name != labels.end()) return static_cast<int>(name - labels.begin());
  size_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [parsed, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && parsed == end && number >= 1 && number <= labels.size()) {
    return static_cast<int>(number) - 1;
  }
  *problem = "label " + Quoted(value) + " is neither a number from 1 to " + std::to_string(labels.size()) +
             " nor one of";
  for (const std::string& label : labels) *problem += (label == labels.front() ? " " : ", ") + label;
  return -1;
}

// Iterates over CSV rows. After a malformed row, continues at the line after the row's first line.
class CsvReader {
 public:
  CsvReader(std::string_view bytes, int64_t max_row_bytes) : bytes_(bytes), max_row_bytes_(max_row_bytes) {}

  // Reads the next row. Returns false at the end. Sets `problem`, to an empty string if the row is valid.
  bool Next(std::vector<std::string>* fields, std::string* problem) {
    SkipBlankLines();
    if (position_ == bytes_.size()) return false;
    const size_t start = position_;
    row_line_ = next_line_;
    window_ = bytes_.substr(0, std::min<size_t>(bytes_.size(), start + max_row_bytes_));
    fields->clear();
    do {
      *problem = ReadField(&fields->emplace_back());
    } while (problem->empty() && Consume(','));
    if (problem->empty()) {
      ConsumeLineEnd();
    } else {
      position_ = std::min(bytes_.find('\n', start), bytes_.size() - 1) + 1;
    }
    next_line_ += std::count(bytes_.begin() + start, bytes_.begin() + position_, '\n');
    return true;
  }

  int64_t row_line() const { return row_line_; }

 private:
  bool Consume(char c) {
    if (position_ == bytes_.size() || bytes_[position_] != c) return false;
    ++position_;
    return true;
  }

  bool ConsumeLineEnd() {
    if (bytes_.substr(position_, 2) == "\r\n") position_ += 1;
    return Consume('\n');
  }

  void SkipBlankLines() {
    while (ConsumeLineEnd()) ++next_line_;
  }

  std::string UnclosedQuote() const {
    return window_.size() < bytes_.size() ? TooLong(max_row_bytes_) : "a quote is opened and never closed";
  }

  // ReadField and ReadQuoted return the problem, or an empty string.
  std::string ReadField(std::string* field) {
    if (Consume('"')) return ReadQuoted(field);
    const size_t end = window_.find_first_of(",\"\n", position_);
    if (end == std::string_view::npos && window_.size() < bytes_.size()) return TooLong(max_row_bytes_);
    *field = window_.substr(position_, end == std::string_view::npos ? end : end - position_);
    position_ += field->size();
    if (position_ < bytes_.size() && bytes_[position_] == '"') {
      return "a quote within a field that does not start with one";
    }
    if (!field->empty() && field->back() == '\r') field->pop_back();
    return "";
  }

  std::string ReadQuoted(std::string* field) {
    while (true) {
      const size_t quote = window_.find('"', position_);
      if (quote == std::string_view::npos) return UnclosedQuote();
      field->append(window_, position_, quote - position_);
      position_ = quote + 1;
      if (!Consume('"')) break;
      field->push_back('"');
    }
    const std::string_view rest = bytes_.substr(position_, 2);
    if (rest.empty() || rest[0] == ',' || rest[0] == '\n' || rest == "\r\n") return "";
    return "text after a closing quote (double a quote within a field)";
  }

  const std::string_view bytes_;
  const int64_t max_row_bytes_;
  std::string_view window_;  // bytes_ up to the size limit of the current row
  size_t position_ = 0;
  int64_t next_line_ = 1;
  int64_t row_line_ = 1;
};

// RowFromFields and RowFromJson fill `row` and return the problem, or an empty string.
std::string RowFromFields(std::vector<std::string>* fields, const NewsFormat& format, NewsRow* row) {
  const size_t count = fields->size();
  if (count > 3 || (format.labels_required && count != 3)) {
    return std::to_string(count) + (count == 1 ? " field" : " fields") + "; expected " +
           (format.labels_required ? "3" : "at most 3") + ": class, title, description";
  }
  row->body = std::move(fields->back());
  if (count >= 2) row->title = std::move((*fields)[count - 2]);
  if (count < 3 || (fields->front().empty() && !format.labels_required)) return "";
  std::string problem;
  row->label = FindLabel(fields->front(), format.labels, &problem);
  return problem;
}

std::string RowFromJson(std::string_view line, const NewsFormat& format, NewsRow* row) {
  nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return "not a JSON object";
  if (object.contains("text") && (object.contains("title") || object.contains("body"))) {
    return "\"text\" cannot be combined with \"title\" or \"body\"";
  }
  for (const auto& [key, text] :
       {std::pair{"text", &row->body}, {"title", &row->title}, {"body", &row->body}}) {
    if (!object.contains(key)) continue;
    if (!object[key].is_string()) return "\"" + std::string(key) + "\" is not a string";
    *text = std::move(object[key].get_ref<std::string&>());
  }
  if (!object.contains("label")) return format.labels_required ? "no \"label\"" : "";
  const nlohmann::json& label = object["label"];
  if (!label.is_string() && !label.is_number_integer()) return "\"label\" is neither a string nor an integer";
  std::string problem;
  row->label =
      FindLabel(label.is_string() ? label.get<std::string>() : label.dump(), format.labels, &problem);
  return problem;
}

// Appends the row to `rows`, or to `bad` if it has a problem or no text.
void AddRow(NewsRow row, std::string problem, std::vector<NewsRow>* rows, BadRows* bad) {
  if (problem.empty() && row.title.empty() && row.body.empty()) problem = "no text";
  if (problem.empty()) {
    rows->push_back(std::move(row));
  } else {
    bad->Add(row.line, problem);
  }
}

void ParseCsv(std::string_view bytes, const NewsFormat& format, std::vector<NewsRow>* rows, BadRows* bad) {
  CsvReader reader(bytes, format.max_row_bytes);
  std::vector<std::string> fields;
  std::string problem;
  while (reader.Next(&fields, &problem)) {
    NewsRow row;
    row.line = reader.row_line();
    if (problem.empty()) problem = RowFromFields(&fields, format, &row);
    AddRow(std::move(row), std::move(problem), rows, bad);
  }
}

void ParseJsonLines(std::string_view bytes, const NewsFormat& format, std::vector<NewsRow>* rows,
                    BadRows* bad) {
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    NewsRow row;
    row.line = number;
    const bool too_long = static_cast<int64_t>(line.size()) > format.max_row_bytes;
    std::string problem = too_long ? TooLong(format.max_row_bytes) : RowFromJson(line, format, &row);
    AddRow(std::move(row), std::move(problem), rows, bad);
  }
}

}  // namespace

const std::vector<std::string>& AgNewsLabels() {
  static const auto* const labels = new std::vector<std::string>{"World", "Sports", "Business", "Sci/Tech"};
  return *labels;
}

void BadRows::Add(int64_t line, const std::string& problem) {
  ++count_;
  listing_ += "\n" + file_ + ":" + std::to_string(line) + ": " + problem;
}

std::string BadRows::ToString() const {
  return std::to_string(count_) + (count_ == 1 ? " bad row" : " bad rows") + listing_;
}

absl::Status BadRows::ToStatus(int64_t allowed) const {
  return count_ <= allowed ? absl::OkStatus() : absl::InvalidArgumentError(ToString());
}

absl::StatusOr<std::vector<NewsRow>> ParseNews(std::string_view bytes, const std::string& file,
                                               const NewsFormat& format) {
  BadRows bad(file);
  ASSIGN_OR_RETURN(std::vector<NewsRow> rows, ParseGoodNews(bytes, file, format, &bad));
  RETURN_IF_ERROR(bad.ToStatus());
  return rows;
}

absl::StatusOr<std::vector<NewsRow>> ParseGoodNews(std::string_view bytes, const std::string& file,
                                                   const NewsFormat& format, BadRows* bad) {
  if (bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark) bytes.remove_prefix(kByteOrderMark.size());
  std::vector<NewsRow> rows;
  (IsJsonLines(bytes, file) ? ParseJsonLines : ParseCsv)(bytes, format, &rows, bad);
  if (rows.empty() && bad->count() == 0) return absl::InvalidArgumentError(file + ": no rows");
  return rows;
}

absl::StatusOr<std::vector<NewsRow>> ReadNews(const std::string& path, const NewsFormat& format) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return ParseNews(bytes, path, format);
}

}  // namespace newsgenre
