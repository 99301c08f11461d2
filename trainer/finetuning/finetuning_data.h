// The data of a fine-tuning, read and encoded.
#pragma once

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"
#include "trainer/data/dataset.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/finetuning/finetuning_config.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct FinetuningData {
  LabelledRows train;
  LabelledRows test;  // empty: no test
  TrainingRows rows;  // `train`, split and encoded
  Checkpoint start;
};

// Reads the files, splits off the validation rows, makes or loads the starting point, and encodes every row.
// Returns INVALID_ARGUMENT with the problems of both files, or if there are too few rows to split or all
// training rows have the same label; CANCELLED if control.stop becomes true; and the errors of the functions
// in finetuning_start.h.
absl::StatusOr<FinetuningData> PrepareFinetuningData(const FinetuningConfig& config, int threads,
                                                     const RunControl& control);

}  // namespace newsgenre
