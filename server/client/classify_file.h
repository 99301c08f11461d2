// Classifies the rows of a news file with the server.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/news_reader.h"
#include "server/client/classify_all.h"
#include "server/client/connection.h"

namespace newsgenre {

// Counts correct predictions among the texts with a known label. Not thread-safe.
class AccuracyTally {
 public:
  void Add(std::string_view known_label, std::string_view predicted_label);

  int64_t total() const { return total_; }
  int64_t correct() const { return correct_; }
  // Returns "accuracy 91.30 % (6939 of 7600 texts with a label)", or "" if no text was added.
  std::string Summary() const;

 private:
  int64_t total_ = 0;
  int64_t correct_ = 0;
};

struct FileSummary {
  int64_t texts = 0;
  int64_t failed = 0;      // texts whose line is an "error"
  AccuracyTally accuracy;  // of the classified texts that have a label
};

// Reads all rows of a CSV or JSON Lines file. Labels are optional, and must be labels of `model`. Returns
// INVALID_ARGUMENT with the line's number if a row is invalid.
absl::StatusOr<std::vector<NewsRow>> ReadRows(const std::string& path, const v1::GetModelResponse& model);

// Classifies each row and writes its ResultLine to `out`, in the order of the rows. Draws a progress bar on
// `progress` unless that is nullptr. Stops with an error as soon as a write to `out` fails. Holds at most
// options.max_ahead lines in memory while an earlier row is unanswered.
absl::StatusOr<FileSummary> ClassifyRows(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, std::ostream* out,
                                         std::ostream* progress);

// Calls ClassifyRows with the file `output`, or with standard output if it is "-". Returns an error if the
// file can't be opened or written.
absl::StatusOr<FileSummary> ClassifyFile(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, const std::string& output,
                                         std::ostream* progress);

}  // namespace newsgenre
