// Rows of news as the network reads them.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/news_reader.h"
#include "common/text/text_encoder.h"

namespace newsgenre {

struct Dataset {
  std::vector<Encoding> texts;
  std::vector<int> labels;  // of each text

  int64_t size() const { return static_cast<int64_t>(texts.size()); }
  std::vector<int32_t> Lengths() const;  // in tokens
  // These rows in this order; they leave this dataset.
  Dataset Take(const std::vector<int32_t>& rows);
};

// Row indices, each in one of the two.
struct Split {
  std::vector<int32_t> training;
  std::vector<int32_t> validation;
};

// Draws the validation rows by `seed`; 0 of them means a tenth, at most 5,000. INVALID_ARGUMENT where not one
// row is left for either part. Pure.
absl::StatusOr<Split> SplitRows(int64_t rows, int64_t validation_rows, uint64_t seed);

// The cleaned texts of these rows, on `threads` threads: what a vocabulary is made from. CANCELLED once
// `stop` is true.
absl::StatusOr<std::vector<std::string>> CleanTexts(const std::vector<NewsRow>& rows,
                                                    const std::vector<int32_t>& chosen, int threads,
                                                    const std::atomic<bool>& stop);

// Every row through `encoder`, on `threads` threads; each row has a label. INVALID_ARGUMENT reports the rows
// of which nothing is left after cleaning, as BadRows of `file`. CANCELLED once `stop` is true.
absl::StatusOr<Dataset> EncodeRows(const std::vector<NewsRow>& rows, const TextEncoder& encoder,
                                   const std::string& file, int threads, const std::atomic<bool>& stop);

}  // namespace newsgenre
