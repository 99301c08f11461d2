// The data of a pre-training, read and encoded.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"
#include "trainer/pretraining/pretraining_config.h"
#include "trainer/pretraining/pretraining_start.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct PretrainingData {
  MaskedLm start;
  Dataset training = {};
  Dataset held_out = {};          // pieces of text; other pieces of the same paragraph can be in `training`
  std::string text_sha256 = {};   // of the raw text; empty without raw text
  std::string train_sha256 = {};  // of the file of labelled rows; empty without labelled rows
  int max_tokens = 0;
};

// Reads the raw text and the texts of the labelled rows, makes or loads the starting point, encodes all
// texts, and splits off the held-out ones. Returns INVALID_ARGUMENT if there is no text, the errors of
// ReadRawText, ReadLabelledRows and the functions in pretraining_start.h, and CANCELLED if control.stop
// becomes true.
absl::StatusOr<PretrainingData> PreparePretrainingData(const PretrainingConfig& config, int threads,
                                                       const RunControl& control);

}  // namespace newsgenre
