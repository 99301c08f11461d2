// Attention that learns, on a CPU with AVX2 or AVX-512: forward and backward on packed texts, without padding
// and without autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "common/model/packed_batch.h"
#include "common/simd/cpu_instructions.h"

namespace newsgenre {

// Of each row of a batch, or the gradients of these: [rows, heads · width], all in fp32 or all in bf16.
// Slices of a wider matrix, or matrices. The queries may be [texts, heads · width], one of each text.
struct QkvTensors {
  at::Tensor keys, queries, values;
};

struct AttentionOutput {
  at::Tensor context;   // as the queries
  at::Tensor log_sums;  // [heads, queries] fp32: ln Σ exp(score) of each query, which the backward pass needs
};

// softmax(q kᵀ / √width) v of every text and head of a batch (Vaswani et al. 2017, arXiv:1706.03762, section
// 3.2) and its gradient, which makes the probabilities anew (Dao et al. 2022, arXiv:2205.14135, appendix
// B.2). All sums are in fp32. Rows of the batch that belong to no text get zeros, in the context and in
// gradients. A head of a text is one thread's: the bits don't depend on the number of threads. Immutable: any
// thread, and torch's own beside it.
class TrainingAttention {
 public:
  // The processor must have the instructions, and `heads` divide the parts' columns.
  TrainingAttention(Instructions instructions, const PackedBatch& batch, int64_t heads);

  AttentionOutput Forward(const QkvTensors& parts) const;
  // Writes the gradients of the parts, from `dcontext`, that of the context; shapes and type as in Forward.
  void Backward(const QkvTensors& parts, const AttentionOutput& attended, const at::Tensor& dcontext,
                const QkvTensors& gradients) const;

 private:
  // Calls body(text, head) for all that have tokens, in shares of about the same work.
  void ForEachHead(const std::function<void(int64_t text, int64_t head)>& body) const;
  template <typename T>
  void ForwardIn(const QkvTensors& parts, const AttentionOutput& attended) const;
  template <typename T>
  void BackwardIn(const QkvTensors& parts, const AttentionOutput& attended, const at::Tensor& dcontext,
                  const QkvTensors& gradients) const;
  // Zeros where a matrix, or its rows of one query a text, has rows of no text.
  void ClearPadding(const at::Tensor& matrix) const;

  Instructions instructions_;
  int64_t rows_;
  int64_t heads_;
  std::vector<int64_t> starts_;       // as PackedBatch has them
  std::vector<int64_t> work_before_;  // of each text, and all: about the products of the texts before it
};

}  // namespace newsgenre
