// Attention of the network in training, forward and backward.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <optional>
#include <string>
#include <vector>

#include "common/model/attention.h"
#include "common/model/packed_batch.h"
#include "trainer/network/training_attention.h"

namespace newsgenre {

// Returns the name of the attention kernel for a network on `device`: "AVX-512", "AVX2" or "torch".
std::string AttentionKernel(c10::Device device, double dropout);

// The state of one batch that the attention of every layer shares. Uses TrainingAttention on a CPU with AVX2
// if there is no dropout, and torch's operators with autograd otherwise. Immutable; safe to use from any
// thread.
class BatchAttention {
 public:
  // `dropout` is the probability that an attention probability is dropped, 0 <= dropout < 1.
  BatchAttention(const PackedBatch& batch, int64_t heads, double dropout);

 private:
  friend struct AttentionPass;

  int64_t heads_;
  std::optional<TrainingAttention> own_kernel_;
  std::optional<AttentionLayout> torch_layout_;  // set if own_kernel_ is not
};

// The attention of one layer: Forward keeps what Backward needs. Not thread-safe.
struct AttentionPass {
  // Either keys, queries and values, or one matrix [rows, 3 · hidden] that holds them in this order. Separate
  // queries can be [texts, hidden], one query a text.
  std::vector<at::Tensor> projections;
  AttentionOutput output;  // log_sums is undefined with torch's operators

  // Returns the context, in the shape of the queries. Call Backward only after a pass with `training`.
  at::Tensor Forward(const BatchAttention& attention, std::vector<at::Tensor> in, bool training);
  // Returns the gradient of each projection, given the gradient of the context.
  std::vector<at::Tensor> Backward(const BatchAttention& attention, const at::Tensor& dcontext) const;
};

}  // namespace newsgenre
