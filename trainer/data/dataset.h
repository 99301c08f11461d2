// Tokenized training data: splitting, checking, cleaning and encoding of news rows.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/news_reader.h"
#include "common/text/text_encoder.h"

namespace newsgenre {

// Tokenized texts with labels. The ids of all texts are in one array, so that they can be copied to a device
// at once (device_dataset.h).
struct Dataset {
  std::vector<int32_t> ids;           // concatenated ids of all texts
  std::vector<int64_t> starts = {0};  // text i has ids[starts[i]] … ids[starts[i + 1] - 1]
  std::vector<int> labels;            // label of each text
  std::vector<int64_t> lines;         // 1-based line of each text's row in the file
  int64_t truncated = 0;              // number of texts that exceeded the token limit

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
  int32_t length(int64_t text) const { return static_cast<int32_t>(starts[text + 1] - starts[text]); }
  std::vector<int32_t> Lengths() const;  // length of each text, in tokens
  Encoding Text(int64_t text) const;
  void Add(const Encoding& text, int label, int64_t line);
};

// The labelled data of a training run.
struct TrainingRows {
  Dataset training;
  Dataset validation;
};

// A partition of the row indices.
struct Split {
  std::vector<int32_t> training;
  std::vector<int32_t> validation;
};

// Selects `validation_rows` rows at random for validation; 0 selects a tenth of the rows, at most 5,000. The
// result depends on the arguments only. Returns INVALID_ARGUMENT if either part would be empty. Thread-safe.
absl::StatusOr<Split> SplitRows(int64_t rows, int64_t validation_rows, uint64_t seed);

// Returns warnings about the labels of the rows, such as labels without a row. `part` names the rows in
// messages. Returns INVALID_ARGUMENT if all rows have the same label. Thread-safe.
absl::StatusOr<std::vector<std::string>> CheckLabels(const std::string& part, const std::vector<int>& labels,
                                                     const std::vector<std::string>& names);

// Calls body(0) … body(count - 1) once each, in any order, on at most `threads` threads including the calling
// one. Uses fewer threads if the system cannot start more. Returns CANCELLED if `stop` becomes true, and
// RESOURCE_EXHAUSTED if a call throws std::bad_alloc; the remaining calls are then skipped.
absl::Status ForEachRow(size_t count, int threads, const std::atomic<bool>& stop,
                        const std::function<void(size_t row)>& body);

// Returns the cleaned texts of the chosen rows, for training a vocabulary. Returns the errors of ForEachRow.
absl::StatusOr<std::vector<std::string>> CleanTexts(const std::vector<NewsRow>& rows,
                                                    const std::vector<int32_t>& chosen, int threads,
                                                    const std::atomic<bool>& stop);

// Removes the rows whose text is empty after cleaning and adds them to `bad`. Cleans with `encoder`, or with
// kLatestCleaning if it is nullptr. Returns the errors of ForEachRow.
absl::Status RemoveEmptyRows(const TextEncoder* encoder, int threads, const std::atomic<bool>& stop,
                             std::vector<NewsRow>* rows, BadRows* bad);

// Encodes the chosen rows, which must have labels. Returns INVALID_ARGUMENT with the line number if a text is
// empty after cleaning. Otherwise returns the errors of ForEachRow.
absl::StatusOr<Dataset> EncodeRows(const std::vector<NewsRow>& rows, const std::vector<int32_t>& chosen,
                                   const TextEncoder& encoder, int threads, const std::atomic<bool>& stop);

}  // namespace newsgenre
