// Attention for inference on the CPU. It reads Q, K and V where they are, without copying or padding them.
#pragma once

#include <cstdint>

namespace newsgenre {

// Queries of one text, and the keys and values of all its tokens. A row holds `heads` heads of `width` values
// each, side by side. Strides are distances between rows, in values.
struct AttentionArgs {
  const float* q;  // [queries, heads · width]
  int64_t queries;
  int64_t q_stride;
  const float* k;  // [length, heads · width]
  const float* v;  // [length, heads · width]
  int64_t length;  // above 0
  int64_t kv_stride;
  float* context;  // [queries, heads · width]: the result
  int64_t context_stride;
};

// Computes context = softmax(q kᵀ / √width) v for each head (Vaswani et al. 2017, arXiv:1706.03762, section
// 3.2.1). A query's result does not depend on the other queries. Uses the project's own kernels if the
// processor has AVX2 and `width` is a multiple of its vector length, and torch otherwise. The own kernels
// avoid torch's overhead per call, which exceeds the time of such small products. Runs on the calling thread;
// torch's operators do so only inside the body of a ParallelFor. Thread-safe.
void Attend(const AttentionArgs& args, int64_t heads, int64_t width);

}  // namespace newsgenre
