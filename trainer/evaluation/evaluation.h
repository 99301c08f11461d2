// A test of any checkpoint.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trainer/report/report.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct EvaluationConfig {
  std::string model_dir;        // a model folder, a release or a Hugging Face folder; required
  std::string test;             // labelled rows; required
  std::string out;              // folder that receives the report's files; empty: none
  int64_t max_bad_rows = 0;     // of `test`, that may be left out
  std::string device = "auto";  // "auto", "cpu" or "cuda:N"
  std::string precision = "fp32";
  int threads = 0;  // CPU threads; 0: all

  // INVALID_ARGUMENT names the first bad field as its flag.
  absl::Status Validate() const;
};

// Answers all rows through the code that serves, and writes the report. `config` is valid. Sets torch's
// number of threads. CANCELLED once asked to stop; the errors of loading and reading.
absl::StatusOr<Report> RunEvaluation(const EvaluationConfig& config, const RunControl& control);

}  // namespace newsgenre
