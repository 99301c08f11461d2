// Reading of labelled news files, and their classification with a release.
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
  std::string sha256;         // digest of the file's bytes
  std::vector<NewsRow> rows;  // in the file's order
};

struct ReadingOptions {
  std::vector<std::string> labels = AgNewsLabels();
  int64_t max_bad_rows = 0;  // bad rows that are skipped and logged; more are an error
  int threads = 1;
  // Decides which texts are empty after cleaning. If nullptr, kLatestCleaning decides.
  const TextEncoder* encoder = nullptr;
};

// Reads and checks a file. Texts that are empty after cleaning count as bad rows. Returns INVALID_ARGUMENT
// with a list of the bad rows (BadRows) if there are more than options.max_bad_rows, and if there is no good
// row. Also returns the errors of ReadFile and ForEachRow.
absl::StatusOr<LabelledRows> ReadLabelledRows(const std::string& file, const ReadingOptions& options,
                                              const RunControl& control);

// Labelled rows and their predictions.
struct ClassifiedRows {
  Dataset data;
  ProbabilityRows probabilities;
};

// Classifies all rows with the code that the server uses, on at::get_num_threads() threads, and reports
// progress. Returns the errors of EncodeRows and Classifier::Predict, and CANCELLED if control.stop becomes
// true.
absl::StatusOr<ClassifiedRows> ClassifyRows(const Classifier& classifier, const LabelledRows& rows,
                                            const RunControl& control);

}  // namespace newsgenre
