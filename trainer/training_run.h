// A whole training run: from files to a published release.
#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "trainer/config.h"
#include "trainer/progress.h"
#include "trainer/report.h"

namespace newsgenre {

// Reads and encodes the data, makes or loads the starting point, trains, tests, publishes, and writes
// MODEL_DIR/report.json. `config` is valid. Once `stop` is true the work at hand is given up, and the best
// epoch that is validated by then is published, without a test; CANCELLED where there is none: nothing is
// published. INVALID_ARGUMENT: the data or a flag is wrong. ALREADY_EXISTS: the release does. Sets torch's
// number of threads; one run at a time.
absl::StatusOr<Report> RunTraining(const TrainerConfig& config, const std::atomic<bool>& stop,
                                   Progress* progress);

}  // namespace newsgenre
