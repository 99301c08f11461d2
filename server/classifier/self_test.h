// The self-test of `newsgenre_server --self_test`: checks and times every execution path of this machine.
#pragma once

#include <ostream>

#include "absl/status/statusor.h"
#include "server/classifier/classifier_model.h"

namespace newsgenre {

// Loads model.model_dir once per execution path of the CPU and of model.device, or of the first GPU if that
// is "auto". Runs built-in texts and the model's canaries, alone and in one batch; on a GPU from two threads
// at once. Compares the probabilities with those of the plain fp32 path on the CPU, and measures rates, each
// for at least `seconds_per_rate`. Writes a table to `out`, line by line. Sets torch's number of CPU threads.
// Takes a minute or two for ALBERT-base.
//
// Returns whether every path stays within its bound. Returns an error only if no path can be tested, because
// the model does not load or model.device does not exist.
absl::StatusOr<bool> RunSelfTest(const ClassifierModelOptions& model, double seconds_per_rate,
                                 std::ostream& out);

}  // namespace newsgenre
