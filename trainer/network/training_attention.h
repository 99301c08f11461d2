// Attention for training on a CPU with AVX2 or AVX-512: forward and backward on packed batches, without
// padding and without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "common/model/packed_batch.h"
#include "common/simd/instruction_set.h"

namespace newsgenre {

// Keys, queries and values of a batch, or their gradients. Each is [rows, heads · width] and can be a slice
// of a wider matrix. Queries can be [texts, heads · width] instead, one query a text. All are fp32 or all
// bf16.
struct QkvTensors {
  at::Tensor keys, queries, values;
};

struct AttentionOutput {
  at::Tensor context;   // shape and type of the queries
  at::Tensor log_sums;  // [heads, queries] fp32: ln Σ exp(score) of each query, for the backward pass
};

// softmax(q kᵀ / √width) v of each text and head (Vaswani et al. 2017, arXiv:1706.03762, section 3.2) and its
// gradient. The backward pass recomputes the probabilities (Dao et al. 2022, arXiv:2205.14135, appendix B.2).
// All sums are in fp32. Rows of the batch that belong to no text get zeros, in the context and in gradients.
//
// Runs on torch's threads. One thread computes each head of a text, so the number of threads doesn't change
// the bits of a result. Immutable; safe to use from any thread.
class TrainingAttention {
 public:
  // The processor must support `instruction_set`, and `heads` must divide the columns of the tensors.
  TrainingAttention(InstructionSet instruction_set, const PackedBatch& batch, int64_t heads);

  AttentionOutput Forward(const QkvTensors& qkv) const;
  // Overwrites `gradients`, which has the shapes and type of `qkv`, with the gradients of `qkv`. `output` is
  // the result of Forward(qkv) and `dcontext` the gradient of its context.
  void Backward(const QkvTensors& qkv, const AttentionOutput& output, const at::Tensor& dcontext,
                const QkvTensors& gradients) const;

 private:
  struct TextHead;

  // Calls body(text, head) for each head of each text that has tokens, divided over threads by their work.
  void ForEachHead(const std::function<void(int64_t text, int64_t head)>& body) const;
  TextHead HeadOf(int64_t text, int64_t head) const;
  template <typename T>
  void ForwardAs(const QkvTensors& qkv, const AttentionOutput& output) const;
  template <typename T>
  void BackwardAs(const QkvTensors& qkv, const AttentionOutput& output, const at::Tensor& dcontext,
                  const QkvTensors& gradients) const;
  // Writes zeros into the rows of `matrix` that belong to no text.
  void ClearPadding(const at::Tensor& matrix) const;

  InstructionSet instruction_set_;
  int64_t rows_;
  int64_t heads_;
  std::vector<int64_t> starts_;       // PackedBatch::starts
  std::vector<int64_t> work_before_;  // [texts + 1]: the work of all earlier texts, in query-key products
};

}  // namespace newsgenre
