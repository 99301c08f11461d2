// From encoded texts to probabilities.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// A way through the network: at least one text to [texts, labels] logits, fp32, on any device, without
// dropout. Is called in a c10::InferenceMode; torch's exceptions pass. Any thread.
using Forward = std::function<at::Tensor(const std::vector<const Encoding*>& batch)>;

// softmax in fp32 of the [texts, labels] logits that `logits` returns, which is called in a
// c10::InferenceMode: for each text one probability a label. INTERNAL, or RESOURCE_EXHAUSTED for the device's
// memory. Any thread.
absl::StatusOr<ProbabilityRows> Softmax(const std::function<at::Tensor()>& logits);

// Softmax of forward(batch).
absl::StatusOr<ProbabilityRows> Predict(const Forward& forward, const std::vector<const Encoding*>& batch);

// The plain way, on the model's device: what a fast one is held against.
Forward PlainForward(const Albert& model);

// Predict(PlainForward(model), batch).
absl::StatusOr<ProbabilityRows> Predict(const Albert& model, const std::vector<const Encoding*>& batch);

}  // namespace newsgenre
