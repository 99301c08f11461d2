// The head of a network that learns: from the rows that it reads to a loss, and back.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "common/model/albert.h"
#include "trainer/network/trained_linear.h"

namespace newsgenre {

// What one batch gave; on the device, so that nobody waits for it.
struct BatchResult {
  at::Tensor loss = {};     // [] fp32: the sum of -ln(probability of the right label) over the predictions
  at::Tensor correct = {};  // [] int64: predictions whose highest logit is the right label's
  int64_t count = 0;        // predictions
};

// A label that says nothing: its row is padding and no prediction.
inline constexpr int64_t kNoLabel = -1;

// The weights of a network in three forms, all shared: fp32, as the products take them, and the gradients in
// fp32.
struct HeadWeights {
  const AlbertWeights& values;
  const AlbertWeights& working;
  const AlbertWeights& gradients;
};

// One thread at a time; torch's exceptions pass.
class TrainedHead {
 public:
  virtual ~TrainedHead() = default;

  // `x`: [rows, hidden], of the working weights' type; `labels`: [rows] int64. Adds the gradients of weight ·
  // (sum of the losses) to those of the head's weights and returns that of x. Sets all of `result` but
  // the count.
  virtual at::Tensor AccumulateGradients(const at::Tensor& x, const at::Tensor& labels, double weight,
                                         BatchResult* result) = 0;
  // [rows, labels], fp32, without dropout.
  virtual at::Tensor Logits(const at::Tensor& x) const = 0;
  // As AccumulateGradients gives it, of Logits.
  virtual BatchResult Evaluate(const at::Tensor& x, const at::Tensor& labels) const = 0;
  // After the weights changed.
  virtual void Refresh() {}
};

std::unique_ptr<TrainedHead> MakeTrainedHead(const AlbertConfig& config, Head head,
                                             const HeadWeights& weights, ProductLibrary library);

}  // namespace newsgenre
