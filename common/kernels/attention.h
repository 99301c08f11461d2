// Attention on the CPU without autograd, on rows of Q, K and V where they lie.
#pragma once

#include <cstdint>

namespace newsgenre {

// Some queries of one text and all its keys and values, each of `heads` heads of `width` values side by side.
// Strides are the distances of rows, in values.
struct QueriesOfText {
  const float* q;  // [queries, heads · width]
  int64_t queries;
  int64_t q_stride;
  const float* k;  // [length, heads · width]
  const float* v;  // the same
  int64_t length;  // above 0
  int64_t kv_stride;
  float* context;  // [queries, heads · width]
  int64_t context_stride;
};

// context = softmax(q kᵀ / √width) v of each head. By our own kernels where the processor and the width allow
// it (torch's spends more time around its small products than in them), by torch's elsewhere. A query's
// result does not depend on the other queries. Our own run on the calling thread alone, torch's in the body
// of a ParallelFor. Any thread.
void Attend(const QueriesOfText& text, int64_t heads, int64_t width);

}  // namespace newsgenre
