// What a training run learns from, read and encoded.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"
#include "trainer/data/dataset.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/run/config.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct TrainingData {
  LabelledRows train;
  LabelledRows test;  // no rows: no test
  TrainingRows rows;
  Checkpoint start;
};

// Reads the files, splits off the validation rows, makes or loads the starting point, and encodes every row.
// INVALID_ARGUMENT reports what is wrong with both files at once, or that they can't teach anything;
// CANCELLED once asked to stop.
absl::StatusOr<TrainingData> PrepareData(const TrainerConfig& config, int threads, const RunControl& control);

}  // namespace newsgenre
