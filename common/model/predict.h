// From encoded texts to probabilities, and the record of a model's own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/model/checkpoint.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// softmax(logits) in fp32, without dropout, on the model's device: for each text one probability a label.
// `batch` has at least one text. INTERNAL, or RESOURCE_EXHAUSTED for the device's memory. Any thread.
absl::StatusOr<std::vector<std::vector<float>>> Predict(const Albert& model,
                                                        const std::vector<const Encoding*>& batch);

// Adds each text with what the checkpoint's model says of it, alone in its batch, to the manifest's canaries.
absl::Status RecordCanaries(const std::vector<std::string>& texts, Checkpoint* checkpoint);

}  // namespace newsgenre
