// Rows of news as the network reads them.
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

// Every text's ids in one array, so that a device takes them at once (device_dataset.h).
struct Dataset {
  std::vector<int32_t> ids;           // of all texts, one after the other
  std::vector<int64_t> starts = {0};  // text i has ids[starts[i]] … ids[starts[i + 1] - 1]
  std::vector<int> labels;            // of each text
  std::vector<int64_t> lines;         // of each text: where its row starts in the file, from 1
  int64_t truncated = 0;              // number of texts that exceeded the token limit

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
  int32_t length(int64_t text) const { return static_cast<int32_t>(starts[text + 1] - starts[text]); }
  std::vector<int32_t> Lengths() const;  // in tokens
  Encoding Text(int64_t text) const;
  void Add(const Encoding& text, int label, int64_t line);
};

// The two parts of what a run reads.
struct TrainingRows {
  Dataset training;
  Dataset validation;
};

// Row indices, each in one of the two.
struct Split {
  std::vector<int32_t> training;
  std::vector<int32_t> validation;
};

// Draws the validation rows by `seed`; 0 of them means a tenth, at most 5,000. INVALID_ARGUMENT where not one
// row is left for either part. Pure.
absl::StatusOr<Split> SplitRows(int64_t rows, int64_t validation_rows, uint64_t seed);

// What is odd about the labels of the rows that `part` names, in words: labels that no row has.
// INVALID_ARGUMENT where all rows have one label: there is nothing to tell apart. Pure.
absl::StatusOr<std::vector<std::string>> CheckLabels(const std::string& part, const std::vector<int>& labels,
                                                     const std::vector<std::string>& names);

// Calls body(0) … body(count - 1), each once and in no order, on at most `threads` threads, the calling one
// among them; fewer where the system has no more. CANCELLED once `stop` is true, RESOURCE_EXHAUSTED where a
// call is out of memory: not all are made then.
absl::Status ForEachRow(size_t count, int threads, const std::atomic<bool>& stop,
                        const std::function<void(size_t row)>& body);

// The cleaned texts of these rows: what a vocabulary is made from. Errors as ForEachRow.
absl::StatusOr<std::vector<std::string>> CleanTexts(const std::vector<NewsRow>& rows,
                                                    const std::vector<int32_t>& chosen, int threads,
                                                    const std::atomic<bool>& stop);

// Takes out the rows in which `encoder`, or our latest cleaning where it is nullptr, leaves nothing, and adds
// them to `bad`. Errors as ForEachRow.
absl::Status RemoveEmptyRows(const TextEncoder* encoder, int threads, const std::atomic<bool>& stop,
                             std::vector<NewsRow>* rows, BadRows* bad);

// The chosen rows through `encoder`; each has a label. INVALID_ARGUMENT names the line of one in which it
// leaves nothing; otherwise errors as ForEachRow.
absl::StatusOr<Dataset> EncodeRows(const std::vector<NewsRow>& rows, const std::vector<int32_t>& chosen,
                                   const TextEncoder& encoder, int threads, const std::atomic<bool>& stop);

}  // namespace newsgenre
