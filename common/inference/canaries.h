// The texts of a release's self-check, and the record of what the model says of them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/checkpoint/checkpoint.h"

namespace newsgenre {

// Returns one text of each genre and two of none, written for this purpose.
const std::vector<std::string>& CanaryTexts();

// Adds each text, with the probabilities that the checkpoint's model gives it alone in its batch, to the
// manifest's canaries. Returns the error of the encoder, with the text's number, or that of Predict.
absl::Status RecordCanaries(const std::vector<std::string>& texts, Checkpoint* checkpoint);

}  // namespace newsgenre
