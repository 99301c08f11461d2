// Attention on a GPU, by PyTorch's kernels for packed texts.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>

#include "common/model/packed_batch.h"

namespace newsgenre {

// Returns whether FlashAttention (Dao 2023, arXiv:2307.08691) has a kernel. It needs 16-bit numbers, a head
// width of at most 256 and a multiple of 8, and a GPU of compute capability 8.0 or newer. `major` is the
// capability's first number.
bool FlashFits(at::ScalarType type, int64_t head_width, int major);

// The attention of one batch on a GPU, for all layers, without dropout. On the CPU it reads only the batch's
// sizes and max_length, and it never waits for the GPU, so a CUDA graph can capture it. Immutable; safe to
// use from any thread.
class CudaAttention {
 public:
  explicit CudaAttention(const PackedBatch& batch);

  // Does the same as AttentionLayout::Attend. If there is no flash kernel, as for fp32, uses the
  // memory-efficient kernel (Rabe and Staats 2021, arXiv:2112.05682). The result is uninitialized in rows
  // that belong to no text.
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) const;

 private:
  int64_t rows_;
  int64_t max_length_;
  int major_;                  // of the GPU's compute capability
  at::Tensor starts_;          // [texts + 1] int32: the row of each text's first token
  at::Tensor single_queries_;  // [texts + 1] int32: 0, 1, …: the starts for one query per text
};

}  // namespace newsgenre
