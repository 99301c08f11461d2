// The JSON form of a training state without its tensors.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trainer/run/training_state.h"

namespace newsgenre {

// Returns the state as JSON that restores every number to the bit. `sha256` is that of the file with the
// tensors. Pure function.
std::string StateToJson(const TrainingState& state, const std::string& sha256);

// Fills in everything except the tensors and the epochs' validation metrics. Returns DATA_LOSS if `json` is
// invalid or names another hash.
absl::Status StateFromJson(const std::string& json, const std::string& sha256, TrainingState* state);

}  // namespace newsgenre
