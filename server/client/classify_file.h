// A file of news through the server.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/news_reader.h"
#include "server/client/accuracy.h"
#include "server/client/classify_all.h"
#include "server/client/connection.h"

namespace newsgenre {

struct FileSummary {
  int64_t texts = 0;
  int64_t failed = 0;      // their lines hold an "error"
  AccuracyTally accuracy;  // of the texts that have a label and did not fail
};

// Reads all rows, so that a bad file is refused before anything is sent; labels are optional, and those of
// the model that serves.
absl::StatusOr<std::vector<NewsRow>> ReadRows(const std::string& path, const v1::GetModelResponse& model);

// Sends each row and writes one line for each to `out`, in the rows' order (see ResultLine). `progress` shows
// a bar, or is nullptr. Stops as soon as `out` takes no more; the error says why. Keeps options.max_ahead
// lines at most, where an early row takes long.
absl::StatusOr<FileSummary> ClassifyRows(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, std::ostream* out,
                                         std::ostream* progress);

// The same into a file, "-" for standard output. Errors: the file can't be opened or written.
absl::StatusOr<FileSummary> ClassifyFile(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, const std::string& output,
                                         std::ostream* progress);

}  // namespace newsgenre
