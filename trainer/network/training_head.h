// The head of a network in training: from the last layer's output to a loss, and back.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "common/model/albert.h"
#include "trainer/network/training_linear.h"

namespace newsgenre {

// The result of one batch. The tensors are on the device, so that reading them is the only wait for a GPU.
struct BatchResult {
  at::Tensor loss = {};     // [] fp32: the sum of -ln(probability of the label) over the predictions
  at::Tensor correct = {};  // [] int64: the number of predictions whose highest logit is the label's
  int64_t count = 0;        // the number of predictions
};

// The label of a padding row, which is not a prediction.
inline constexpr int64_t kNoLabel = -1;

// A network's weights in two types, and their gradients. All share the network's memory.
struct HeadWeights {
  const AlbertWeights& values;     // fp32
  const AlbertWeights& working;    // in the type of the matrix products
  const AlbertWeights& gradients;  // fp32
};

// Computes logits and losses, and accumulates the gradients of the head's weights. Not thread-safe. Throws
// torch's exceptions.
class TrainingHead {
 public:
  virtual ~TrainingHead() = default;

  // `x` is [rows, hidden], in the working weights' type; `labels` is [rows] int64. Adds the gradient of
  // weight · (sum of the losses) to the gradients of the head's weights and returns the gradient of x. Sets
  // everything in `result` except `count`.
  virtual at::Tensor AccumulateGradients(const at::Tensor& x, const at::Tensor& labels, double weight,
                                         BatchResult* result) = 0;
  // Returns [rows, labels] fp32, without dropout.
  virtual at::Tensor Logits(const at::Tensor& x) const = 0;
  // Returns the same result as AccumulateGradients, but without dropout and without any gradient.
  virtual BatchResult Evaluate(const at::Tensor& x, const at::Tensor& labels) const = 0;
  // Must be called after the weights change.
  virtual void Refresh() {}
};

// Returns a classification head or a masked-LM head, depending on `head`. It shares the memory of `weights`.
std::unique_ptr<TrainingHead> MakeTrainingHead(const AlbertConfig& config, Head head,
                                               const HeadWeights& weights, ProductLibrary library);

}  // namespace newsgenre
