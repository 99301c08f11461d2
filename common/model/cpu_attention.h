// Attention for serving on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/model/packed_batch.h"

namespace newsgenre {

// As AttentionLayout::Attend, without autograd: `k` and `v` are [rows, hidden], `q` the same, or
// [texts, hidden] with one query a text; each may be a slice of a wider matrix, whose rows are used where
// they lie. What belongs to no text is 0. Heads and texts run side by side on the calling thread's CPU
// threads. Any thread.
at::Tensor AttendOnCpu(const PackedBatch& batch, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, int64_t heads);

}  // namespace newsgenre
