#include "trainer/pretraining/raw_text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "trainer/pretraining/pretraining_config.h"
#include "trainer/pretraining/text_file.h"

namespace newsgenre {
namespace {

constexpr int64_t kBatchBytes = int64_t{4} << 20;  // the lines that are cleaned while the next are read
constexpr size_t kBatchParagraphs = 4096;          // the paragraphs that are encoded in parallel
constexpr int64_t kBytesPerToken = 4;              // English text has this many or more

// Computes the SHA-256 of bytes that arrive in parts.
class Sha256Stream {
 public:
  Sha256Stream() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    ok_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }
  void Add(std::string_view bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }
  // Returns the digest in Sha256()'s format. Call it once.
  absl::StatusOr<std::string> Hex() {
    std::string digest(32, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(digest.data());
    if (!ok_ || EVP_DigestFinal_ex(context_.get(), bytes, nullptr) != 1) {
      return absl::InternalError("OpenSSL can't compute a SHA-256");
    }
    return absl::BytesToHexString(digest);
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool ok_;
};

// Reads the lines of several files in order.
class LineReader {
 public:
  absl::Status Open(const std::vector<std::string>& files);
  // Appends the next kBatchBytes of lines, without empty ones. Appends nothing at the end of the last file.
  absl::Status ReadBatch(std::vector<std::string>* lines);

  absl::StatusOr<std::string> Sha256() { return sha256_.Hex(); }
  int64_t bytes_read() const { return bytes_read_; }  // of bytes()
  int64_t bytes() const { return bytes_; }            // the size of all files on disk

 private:
  // Returns false at the end of the last file.
  absl::StatusOr<bool> ReadLine(std::string* line);
  // Fills rest_ if it is empty. Returns false at the end of the file.
  absl::StatusOr<bool> ReadPart();
  absl::Status CheckLength(size_t bytes) const;

  Sha256Stream sha256_;
  std::vector<std::unique_ptr<TextFile>> files_;  // null before file_
  size_t file_ = 0;                               // the index of the current file
  int64_t lines_ = 0;                             // lines of the current file before rest_
  std::string_view rest_;                         // the unread bytes of the current file's last part
  int64_t bytes_read_ = 0;
  int64_t bytes_ = 0;
};

absl::Status LineReader::Open(const std::vector<std::string>& files) {
  for (const std::string& path : files) {
    ASSIGN_OR_RETURN(auto file, TextFile::Open(path, [this](std::string_view bytes) { sha256_.Add(bytes); }));
    bytes_ += file->size();
    files_.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status LineReader::ReadBatch(std::vector<std::string>* lines) {
  for (int64_t bytes = 0; bytes < kBatchBytes;) {
    std::string line;
    ASSIGN_OR_RETURN(const bool more, ReadLine(&line));
    if (!more) break;
    bytes += static_cast<int64_t>(line.size());
    if (!line.empty()) lines->push_back(std::move(line));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LineReader::ReadLine(std::string* line) {
  while (file_ < files_.size()) {
    ASSIGN_OR_RETURN(const bool more, ReadPart());
    if (!more) {
      files_[file_++].reset();
      lines_ = 0;
      if (!line->empty()) return true;  // the last line can end without LF
      continue;
    }
    const size_t end = rest_.find('\n');
    line->append(rest_.substr(0, end));
    RETURN_IF_ERROR(CheckLength(line->size()));
    rest_.remove_prefix(std::min(end, rest_.size() - 1) + 1);
    if (end != std::string_view::npos) {
      ++lines_;
      return true;
    }
  }
  return false;
}

absl::StatusOr<bool> LineReader::ReadPart() {
  if (!rest_.empty()) return true;
  TextFile* const file = files_[file_].get();
  const int64_t before = file->bytes_read();
  ASSIGN_OR_RETURN(rest_, file->Next());
  bytes_read_ += file->bytes_read() - before;
  return !rest_.empty();
}

absl::Status LineReader::CheckLength(size_t bytes) const {
  if (bytes <= static_cast<size_t>(kMaxLineBytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(files_[file_]->path() + ":" + std::to_string(lines_ + 1) +
                                    ": the line has at least " + std::to_string(bytes) +
                                    " bytes; the limit is " + std::to_string(kMaxLineBytes));
}

// Cuts an encoded paragraph into as few pieces as possible and appends them.
void AddPieces(const std::vector<int32_t>& ids, int max_tokens, int64_t line, Dataset* pieces) {
  const auto tokens = static_cast<int64_t>(ids.size()) - 2, limit = int64_t{max_tokens} - 2;
  if (tokens < kMinPieceTokens - 2) return;
  const int64_t count = (tokens + limit - 1) / limit;
  for (int64_t piece = 0; piece < count; ++piece) {
    const auto first = ids.begin() + 1;
    pieces->ids.push_back(Tokenizer::kCls);
    pieces->ids.insert(pieces->ids.end(), first + tokens * piece / count,
                       first + tokens * (piece + 1) / count);
    pieces->ids.push_back(Tokenizer::kSep);
    pieces->starts.push_back(static_cast<int64_t>(pieces->ids.size()));
    pieces->labels.push_back(0);
    pieces->lines.push_back(line);
  }
}

// Reserves memory for the expected number of tokens. A growing vector would need up to twice the memory, and
// reserved memory that is never touched costs nothing.
void Reserve(const std::vector<std::string>& paragraphs, Dataset* pieces) {
  size_t bytes = 0;
  for (const std::string& paragraph : paragraphs) bytes += paragraph.size();
  pieces->ids.reserve(bytes / kBytesPerToken + 2 * paragraphs.size());
}

}  // namespace

absl::StatusOr<RawText> ReadRawText(const std::vector<std::string>& files, int threads,
                                    const RunControl& control) {
  if (files.empty()) return absl::InvalidArgumentError("no files of text");
  LineReader reader;
  RETURN_IF_ERROR(reader.Open(files));
  RawText text;
  std::vector<std::string> lines;
  do {
    std::vector<std::string> next;
    absl::Status reading;
    RETURN_IF_ERROR(ForEachRow(lines.size() + 1, threads, control.stop, [&](size_t i) {
      if (i == 0) {
        reading = reader.ReadBatch(&next);
      } else {
        lines[i - 1] = CleanText(lines[i - 1], kLatestCleaning);
      }
    }));
    RETURN_IF_ERROR(reading);
    for (std::string& line : lines) {
      if (!line.empty()) text.paragraphs.push_back(std::move(line));
    }
    control.progress->UpdateCount("bytes of text read", reader.bytes_read(), reader.bytes());
    lines = std::move(next);
  } while (!lines.empty());
  if (text.paragraphs.empty()) {
    return absl::InvalidArgumentError("no paragraph in " + files[0] +
                                      (files.size() > 1 ? " and the other files of text" : ""));
  }
  ASSIGN_OR_RETURN(text.sha256, reader.Sha256());
  return text;
}

absl::StatusOr<Dataset> EncodeParagraphs(const std::vector<std::string>& paragraphs,
                                         const Tokenizer& tokenizer, int max_tokens, int threads,
                                         const RunControl& control) {
  // A paragraph of max_tokens + 1 tokens is cut in half, and the halves must not be too short.
  if (max_tokens < 2 * kMinPieceTokens) {
    return absl::InvalidArgumentError("pieces of text of at most " + std::to_string(max_tokens) +
                                      " tokens are too short to train on; the minimum is " +
                                      std::to_string(2 * kMinPieceTokens));
  }
  Dataset pieces;
  Reserve(paragraphs, &pieces);
  std::vector<Encoding> encodings;
  for (size_t begin = 0; begin < paragraphs.size(); begin += encodings.size()) {
    encodings.resize(std::min(kBatchParagraphs, paragraphs.size() - begin));
    RETURN_IF_ERROR(ForEachRow(encodings.size(), threads, control.stop, [&](size_t i) {
      encodings[i] = tokenizer.Encode(paragraphs[begin + i], std::numeric_limits<int>::max());
    }));
    for (size_t i = 0; i < encodings.size(); ++i) {
      AddPieces(encodings[i].ids, max_tokens, static_cast<int64_t>(begin + i) + 1, &pieces);
    }
    control.progress->UpdateCount("paragraphs encoded", static_cast<int64_t>(begin + encodings.size()),
                                  static_cast<int64_t>(paragraphs.size()));
  }
  if (pieces.size() == 0) {
    return absl::InvalidArgumentError("none of " + std::to_string(paragraphs.size()) + " paragraphs has " +
                                      std::to_string(kMinPieceTokens) + " tokens, the minimum for training");
  }
  return pieces;
}

}  // namespace newsgenre
