// A whole training run: from files to a published release.
#pragma once

#include "absl/status/statusor.h"
#include "trainer/report/report.h"
#include "trainer/run/config.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// Reads and encodes the data, makes or loads the starting point, trains, calibrates, tests, publishes, and
// writes the report into MODEL_DIR. `config` is valid. It keeps its state in MODEL_DIR/training-state until
// it is done; once asked to stop it saves that and returns CANCELLED. With config.resume it goes on from
// there, or starts where nothing is there. INVALID_ARGUMENT: the data or a flag is wrong. ALREADY_EXISTS: the
// release does. FAILED_PRECONDITION: the state is another run's (says what differs), or one is there and
// config.resume isn't set. Sets torch's number of threads; one run at a time.
absl::StatusOr<Report> RunTraining(const TrainerConfig& config, const RunControl& control);

}  // namespace newsgenre
