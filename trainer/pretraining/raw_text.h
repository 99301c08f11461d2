// Plain text to learn from without labels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "trainer/data/dataset.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// A line of a file is a paragraph; empty lines, such as stand between articles, are none.
struct RawText {
  std::vector<std::string> paragraphs;  // cleaned, none empty, in the files' order
  std::string sha256;                   // of all files' bytes as they lie on the disk, in order
};

inline constexpr int64_t kMaxLineBytes = int64_t{1} << 20;

// Reads files, plain or xz as their first bytes tell (text_file.h), whose lines end with LF or CRLF; cleans
// each line by our latest cleaning and drops those of which it leaves nothing. With progress; memory is
// little more than the paragraphs. INVALID_ARGUMENT where there are no files or paragraphs, or names the line
// above kMaxLineBytes; errors of the files as TextFile, CANCELLED and RESOURCE_EXHAUSTED as ForEachRow.
absl::StatusOr<RawText> ReadRawText(const std::vector<std::string>& files, int threads,
                                    const RunControl& control);

// Cleaned paragraphs as the network reads them: in pieces of at most `max_tokens`, [CLS] and [SEP] around
// each. A longer paragraph is cut into as few as will do, of equal length but for a token, which hold all of
// it; one with fewer than kMinPieceTokens is left out. Labels are 0, lines the paragraph's index + 1, cut
// is 0. With progress. INVALID_ARGUMENT where max_tokens is less than 2 * kMinPieceTokens or no piece is
// left; otherwise errors as ForEachRow. Memory is 4 bytes a token and 20 a piece.
absl::StatusOr<Dataset> EncodeParagraphs(const std::vector<std::string>& paragraphs,
                                         const Tokenizer& tokenizer, int max_tokens, int threads,
                                         const RunControl& control);

}  // namespace newsgenre
