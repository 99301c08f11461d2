// What a pre-training learns from, read and encoded.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"
#include "trainer/pretraining/pretraining_start.h"
#include "trainer/run/config.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct PretrainingData {
  Dataset training;
  Dataset held_out;          // pieces that are not learnt from; others of the same paragraph may be
  std::string text_sha256;   // of the raw text; empty without one
  std::string train_sha256;  // of the labelled texts' file; empty without one
  int max_tokens = 0;
  MaskedLm start;
};

// Reads the raw text and the labelled rows' texts, as far as there are any; makes or loads the starting
// point; encodes all and holds a part out. INVALID_ARGUMENT and so on as the readers; CANCELLED once asked
// to stop.
absl::StatusOr<PretrainingData> PreparePretrainingData(const PretrainingConfig& config, int threads,
                                                       const RunControl& control);

}  // namespace newsgenre
