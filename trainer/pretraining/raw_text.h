// Reads unlabelled text for pre-training and cuts it into pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "trainer/data/dataset.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// The paragraphs of text files. Each line that is not empty is a paragraph.
struct RawText {
  std::vector<std::string> paragraphs;  // cleaned, not empty, in the order of the files
  std::string sha256;                   // of the bytes of all files on disk, in order
};

inline constexpr int64_t kMaxLineBytes = int64_t{1} << 20;

// Reads plain or xz files (see TextFile) with lines that end with LF or CRLF. Cleans each line with
// kLatestCleaning and drops lines without any text left. Shows progress. Needs little more memory than the
// paragraphs. Returns INVALID_ARGUMENT if there are no files or no paragraphs, or if a line, which the
// message names, is longer than kMaxLineBytes; otherwise the errors of TextFile and ForEachRow.
absl::StatusOr<RawText> ReadRawText(const std::vector<std::string>& files, int threads,
                                    const RunControl& control);

// Encodes cleaned paragraphs as pieces of at most `max_tokens` tokens, including [CLS] and [SEP]. Cuts a
// longer paragraph into as few pieces as possible. The pieces contain all of its tokens, and their lengths
// differ by at most one token. Leaves out paragraphs with fewer than kMinPieceTokens tokens. In the result
// the labels are 0, a piece's line is its paragraph's index + 1, and `truncated` is 0. Shows progress. Needs
// 4 bytes per token and 20 per piece. Returns INVALID_ARGUMENT if `max_tokens` is below 2 * kMinPieceTokens
// or there are no pieces, and otherwise the errors of ForEachRow.
absl::StatusOr<Dataset> EncodeParagraphs(const std::vector<std::string>& paragraphs,
                                         const Tokenizer& tokenizer, int max_tokens, int threads,
                                         const RunControl& control);

}  // namespace newsgenre
