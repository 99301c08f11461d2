#include "common/kernels/attention.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>

#include "common/simd/attention_steps.h"
#include "common/simd/select_kernel.h"
#include "common/simd/thread_buffer.h"
#include "common/simd/tile.h"

namespace newsgenre {

// The arguments for one head: the pointers are to its columns.
struct HeadArgs : AttentionArgs {
  int64_t width;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/attention.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

using AttendHeadKernel = void (*)(const HeadArgs& head);

// Returns nullptr if none of the project's own kernels can run.
AttendHeadKernel SelectKernel(int64_t width) { return NEWSGENRE_SELECT_KERNEL(AttendHead, width, nullptr); }

void AttendWithTorch(const AttentionArgs& args, int64_t heads, int64_t width) {
  // Views [rows, heads · width] as [1, heads, rows, width].
  const auto by_head = [&](const float* x, int64_t rows, int64_t stride) {
    return at::from_blob(const_cast<float*>(x), {1, heads, rows, width}, {0, width, stride, 1}, at::kFloat);
  };
  by_head(args.context, args.queries, args.context_stride)
      .copy_(at::scaled_dot_product_attention(by_head(args.q, args.queries, args.q_stride),
                                              by_head(args.k, args.length, args.kv_stride),
                                              by_head(args.v, args.length, args.kv_stride)));
}

}  // namespace

void Attend(const AttentionArgs& args, int64_t heads, int64_t width) {
  const AttendHeadKernel attend_head = SelectKernel(width);
  if (attend_head == nullptr) return AttendWithTorch(args, heads, width);
  HeadArgs head{args, width};
  for (int64_t i = 0; i < heads; ++i) {
    attend_head(head);
    head.q += width;
    head.k += width;
    head.v += width;
    head.context += width;
  }
}

}  // namespace newsgenre
