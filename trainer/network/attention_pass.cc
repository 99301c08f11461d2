#include "trainer/network/attention_pass.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <optional>
#include <utility>

#include "common/simd/cpu_instructions.h"
#include "trainer/network/passes.h"

namespace newsgenre {
namespace {

std::optional<Instructions> OwnKernel(c10::Device device, double dropout) {
  if (!device.is_cpu() || dropout > 0 || !HasAvx2()) return std::nullopt;
  return HasAvx512() ? Instructions::kAvx512 : Instructions::kAvx2;
}

QkvTensors PartsOf(const std::vector<at::Tensor>& projections) {
  if (projections.size() == 3) return {projections[0], projections[1], projections[2]};
  const std::vector<at::Tensor> parts = projections[0].chunk(3, 1);
  return {parts[0], parts[1], parts[2]};
}

}  // namespace

std::string AttentionKernel(c10::Device device, double dropout) {
  const std::optional<Instructions> own = OwnKernel(device, dropout);
  return !own ? "torch" : own == Instructions::kAvx512 ? "AVX-512" : "AVX2";
}

BatchAttention::BatchAttention(const PackedBatch& batch, int64_t heads, double dropout) : heads_(heads) {
  if (const std::optional<Instructions> own = OwnKernel(batch.ids.device(), dropout)) {
    own_.emplace(*own, batch, heads);
  } else {
    layout_.emplace(batch, dropout);
  }
}

at::Tensor AttentionPass::Forward(const BatchAttention& attention, std::vector<at::Tensor> in,
                                  bool training) {
  projections = std::move(in);
  if (attention.own_) {
    attended = attention.own_->Forward(PartsOf(projections));
    return attended.context;
  }
  const at::AutoGradMode record(training);
  if (training) {
    for (at::Tensor& projection : projections) projection = Leaf(projection);
  }
  const QkvTensors parts = PartsOf(projections);
  attended.context = attention.layout_->Attend(parts.queries, parts.keys, parts.values, attention.heads_);
  return attended.context.detach();
}

std::vector<at::Tensor> AttentionPass::Backward(const BatchAttention& attention,
                                                const at::Tensor& dcontext) const {
  std::vector<at::Tensor> gradients;
  if (attention.own_) {
    for (const at::Tensor& projection : projections) gradients.push_back(at::empty_like(projection));
    attention.own_->Backward(PartsOf(projections), attended, dcontext, PartsOf(gradients));
    return gradients;
  }
  attended.context.backward(dcontext);
  for (const at::Tensor& projection : projections) gradients.push_back(projection.grad());
  return gradients;
}

}  // namespace newsgenre
