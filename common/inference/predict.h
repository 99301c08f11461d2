// Computes probabilities from encoded texts.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// Computes logits on one execution path. Thread-safe.
class Forward {
 public:
  virtual ~Forward() = default;

  // Returns the [texts, labels] logits of a batch of at least one text: fp32, on any device, without dropout.
  // The caller holds a c10::InferenceMode. Throws torch's exceptions.
  virtual at::Tensor Logits(const std::vector<const Encoding*>& batch) const = 0;
};

// The reference path: Albert::Logits on the model's device. The faster paths are compared with it.
class PlainForward : public Forward {
 public:
  explicit PlainForward(Albert model) : model_(std::move(model)) {}

  at::Tensor Logits(const std::vector<const Encoding*>& batch) const override;

 private:
  const Albert model_;
};

// Calls `logits` in a c10::InferenceMode and returns the fp32 softmax of the [texts, labels] logits that it
// returns, one row per text. Returns INTERNAL if torch throws or a probability is not a number,
// RESOURCE_EXHAUSTED if the device has too little memory. Thread-safe.
absl::StatusOr<ProbabilityRows> Softmax(const std::function<at::Tensor()>& logits);

// Returns the probabilities of the batch's texts. Errors as in Softmax. Thread-safe.
absl::StatusOr<ProbabilityRows> Predict(const Forward& forward, const std::vector<const Encoding*>& batch);

// Returns the probabilities by PlainForward.
absl::StatusOr<ProbabilityRows> Predict(const Albert& model, const std::vector<const Encoding*>& batch);

}  // namespace newsgenre
