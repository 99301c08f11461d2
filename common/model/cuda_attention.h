// Attention on a GPU, by PyTorch's kernels for texts that lie end to end.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>

#include "common/model/packed_batch.h"

namespace newsgenre {

// Whether FlashAttention (Dao 2023, arXiv:2307.08691) has a kernel: 16-bit numbers, heads of at most 256 in
// steps of 8, and a GPU of compute capability 8.0 or newer (`major` is its first number).
bool FlashFits(at::ScalarType type, int64_t head_width, int major);

// One batch on a GPU; the same for all layers. Without dropout. It waits for nothing and reads nothing of the
// batch on the CPU but its sizes and max_length, so that a CUDA graph can capture it. Immutable: any thread.
class CudaAttention {
 public:
  explicit CudaAttention(const PackedBatch& batch);

  // As AttentionLayout::Attend. fp32, and what has no flash kernel, goes to the memory-efficient kernel
  // (Rabe and Staats 2021, arXiv:2112.05682). Rows of no text come back as they were in memory.
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) const;

 private:
  int64_t rows_;
  int64_t max_length_;
  int major_;          // of the GPU's compute capability
  at::Tensor starts_;  // [texts + 1] int32: where each text starts
  at::Tensor ones_;    // [texts + 1] int32: 0, 1, …: where each text's one query is
};

}  // namespace newsgenre
