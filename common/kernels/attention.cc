#include "common/kernels/attention.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>

#include "common/simd/attention_steps.h"
#include "common/simd/thread_buffer.h"
#include "common/simd/tile.h"

namespace newsgenre {

// One head of QueriesOfText.
struct HeadOfText : QueriesOfText {
  int64_t width;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/attention.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

using AttendHead = void (*)(const HeadOfText& head);

AttendHead OwnFor(int64_t width) {
#if defined(__x86_64__)
  if (width % avx512::kLanes == 0 && HasAvx512()) return avx512::AttendHead;
  if (width % avx2::kLanes == 0 && HasAvx2()) return avx2::AttendHead;
#endif
  return nullptr;
}

void AttendByTorch(const QueriesOfText& text, int64_t heads, int64_t width) {
  // [rows, heads · width] as [1, heads, rows, width]
  const auto by_head = [&](const float* x, int64_t rows, int64_t stride) {
    return at::from_blob(const_cast<float*>(x), {1, heads, rows, width}, {0, width, stride, 1}, at::kFloat);
  };
  by_head(text.context, text.queries, text.context_stride)
      .copy_(at::scaled_dot_product_attention(by_head(text.q, text.queries, text.q_stride),
                                              by_head(text.k, text.length, text.kv_stride),
                                              by_head(text.v, text.length, text.kv_stride)));
}

}  // namespace

void Attend(const QueriesOfText& text, int64_t heads, int64_t width) {
  const AttendHead attend = OwnFor(width);
  if (attend == nullptr) return AttendByTorch(text, heads, width);
  HeadOfText head{text, width};
  for (int64_t i = 0; i < heads; ++i) {
    attend(head);
    head.q += width;
    head.k += width;
    head.v += width;
    head.context += width;
  }
}

}  // namespace newsgenre
