// Files of labelled news, and what a release says of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/classifier.h"
#include "common/text/news_reader.h"
#include "trainer/data/dataset.h"
#include "trainer/report/evaluate.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct LabelledRows {
  std::string file;
  std::string sha256;         // of its bytes
  std::vector<NewsRow> rows;  // in the file's order
};

struct ReadingOptions {
  std::vector<std::string> labels = AgNewsLabels();
  int64_t max_bad_rows = 0;  // that may be left out, which is noted
  int threads = 1;
  const TextEncoder* encoder = nullptr;  // that is to read them; none yet: our latest cleaning alone counts
};

// Reads and checks a file. INVALID_ARGUMENT reports every bad row, those of which cleaning leaves nothing
// among them, as BadRows does, or that no good one is there; NOT_FOUND and so on as ReadFile; CANCELLED and
// RESOURCE_EXHAUSTED as ForEachRow.
absl::StatusOr<LabelledRows> ReadLabelledRows(const std::string& file, const ReadingOptions& options,
                                              const RunControl& control);

// Rows as a release answers them.
struct ClassifiedRows {
  Dataset data;
  ProbabilityRows probabilities;
};

// All rows through the code that serves, with progress, on torch's number of threads. Its errors are passed
// on; CANCELLED once asked to stop.
absl::StatusOr<ClassifiedRows> ClassifyRows(const Classifier& classifier, const LabelledRows& rows,
                                            const RunControl& control);

}  // namespace newsgenre
