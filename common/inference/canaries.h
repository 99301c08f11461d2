// Canaries: texts in a release's manifest with the model's probabilities, which each load checks.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/checkpoint/checkpoint.h"

namespace newsgenre {

// Returns one text of each AG News genre and two of no genre. They were written for this purpose.
const std::vector<std::string>& CanaryTexts();

// Adds each text to the manifest's canaries, with the probabilities that the checkpoint's model gives it in a
// batch of its own. Returns the encoder's error, with the text's number, or Predict's.
absl::Status RecordCanaries(const std::vector<std::string>& texts, Checkpoint* checkpoint);

}  // namespace newsgenre
