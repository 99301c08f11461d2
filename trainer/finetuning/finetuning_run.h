// A whole fine-tuning: from files of labelled news to a published release.
#pragma once

#include "absl/status/statusor.h"
#include "trainer/finetuning/finetuning_config.h"
#include "trainer/report/report.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// Reads and encodes the data, makes or loads the starting point, trains, calibrates, tests, publishes, and
// writes the report into config.run.model_dir. `config` must be valid. Keeps the run's state in
// MODEL_DIR/training-state until the run is finished. If control.stop becomes true, saves the state and
// returns CANCELLED. With config.run.resume, continues from the saved state if there is one.
//
// Returns INVALID_ARGUMENT if the data or a flag is wrong, ALREADY_EXISTS if the release exists, and
// FAILED_PRECONDITION if there is a saved state and it belongs to another run or config.run.resume is false.
// Sets torch's number of threads. At most one run at a time.
absl::StatusOr<Report> RunFinetuning(const FinetuningConfig& config, const RunControl& control);

}  // namespace newsgenre
