// Attention in fp32 on processors with AVX2: torch's own spends more time around its small products than in
// them.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// One head of one text: context = softmax(q kᵀ / √width) v; strides are the distances of rows.
struct HeadOfText {
  const float* q;  // [queries, width]
  int64_t queries;
  int64_t q_stride;
  const float* k;  // [length, width]
  const float* v;  // [length, width]
  int64_t length;  // above 0
  int64_t kv_stride;
  float* context;  // [queries, width]
  int64_t context_stride;
  int64_t width;
};

// Whether this processor has AVX2 and heads of this width fit its registers.
bool HasAvx2Attention(int64_t width);

// `scratch` is the calling thread's; its contents don't matter, and it grows as needed. A query's result does
// not depend on the other queries. Any thread.
void AttendAvx2(const HeadOfText& head, std::vector<float>* scratch);

}  // namespace newsgenre
