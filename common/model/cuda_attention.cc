#include "common/model/cuda_attention.h"

#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/arange.h>

#include "common/device/cuda_device.h"

namespace newsgenre {

bool FlashFits(at::ScalarType type, int64_t head_width, int major) {
  return (type == at::kBFloat16 || type == at::kHalf) && head_width <= 256 && head_width % 8 == 0 &&
         major >= 8;
}

CudaAttention::CudaAttention(const PackedBatch& batch)
    : rows_(batch.rows()),
      max_length_(batch.max_length),
      major_(ComputeCapability(batch.ids.device()).major),
      starts_(batch.device_starts),
      single_queries_(at::arange(batch.texts() + 1, starts_.options())) {}

at::Tensor CudaAttention::Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 int64_t heads) const {
  const bool all_queries = q.size(0) == rows_;
  const at::Tensor& query_starts = all_queries ? starts_ : single_queries_;
  const int64_t max_queries = all_queries ? max_length_ : 1;
  const int64_t width = q.size(1) / heads;
  if (FlashFits(q.scalar_type(), width, major_)) {
    const auto by_head = [&](const at::Tensor& x) { return x.view({x.size(0), heads, width}); };
    const at::Tensor context = std::get<0>(
        at::_flash_attention_forward(by_head(q), by_head(k), by_head(v), query_starts, starts_, max_queries,
                                     max_length_, /*dropout_p=*/0.0, /*is_causal=*/false,
                                     /*return_debug_mask=*/false));
    return context.reshape(q.sizes());
  }
  const auto by_head = [&](const at::Tensor& x) { return x.view({1, x.size(0), heads, width}); };
  const at::Tensor context = std::get<0>(at::_efficient_attention_forward(
      by_head(q), by_head(k), by_head(v), /*bias=*/{}, query_starts, starts_, max_queries, max_length_,
      /*dropout_p=*/0.0, /*custom_mask_type=*/0, /*compute_log_sumexp=*/q.requires_grad()));
  return context.reshape(q.sizes());
}

}  // namespace newsgenre
