// What of a training state isn't a tensor, as JSON.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trainer/run/training_state.h"

namespace newsgenre {

// `sha256`: of the file with the tensors. Numbers come back as they were, to the bit. Pure.
std::string StateToJson(const TrainingState& state, const std::string& sha256);

// Fills in all but the tensors and the epochs' validation. DATA_LOSS where it is no such JSON or names
// another hash.
absl::Status StateFromJson(const std::string& json, const std::string& sha256, TrainingState* state);

}  // namespace newsgenre
