// `newsgenre_server --self_test`: whether every way through a model that this machine has gives the right
// probabilities, and how fast it is.
#pragma once

#include <ostream>

#include "absl/status/statusor.h"
#include "server/classifier/classifier_model.h"

namespace newsgenre {

// Loads model.model_dir by each path in turn: on the CPU, and on model.device, or the first GPU where that
// is "auto". Runs built-in texts and the model's canaries alone and together, on a GPU from two threads at
// once, holds them against the plain fp32 path on the CPU, and takes the rates. Writes a table to `out`, line
// by line. True if every path kept to its bound. An error only where nothing could be tested: the model does
// not load, or model.device is not there. A minute or two for ALBERT-base; the calling thread computes.
//
// A rate is taken over `seconds_per_rate` or longer.
absl::StatusOr<bool> RunSelfTest(const ClassifierModelOptions& model, double seconds_per_rate,
                                 std::ostream& out);

}  // namespace newsgenre
