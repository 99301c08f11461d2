// Evaluation of a checkpoint on labelled rows.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trainer/report/report.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// The settings of an evaluation. Fields are named after their flags, which trainer/flags.cc documents.
struct EvaluationConfig {
  std::string model_dir;
  std::string test;  // path
  std::string out;   // folder for the report; empty: none
  int64_t max_bad_rows = 0;
  std::string device = "auto";     // or "cpu", "cuda:N"
  std::string precision = "fp32";  // or another precision of the server
  int threads = 0;                 // 0: all CPUs

  // Returns INVALID_ARGUMENT if a field is out of range, and names the first one by its flag.
  absl::Status Validate() const;
};

// Classifies all rows through the serving code, and writes the report if config.out is set. `config` must be
// valid. Returns CANCELLED if control.stop becomes true, and the errors of Classifier::Load and
// ReadLabelledRows. Sets torch's number of threads.
absl::StatusOr<Report> RunEvaluation(const EvaluationConfig& config, const RunControl& control);

}  // namespace newsgenre
