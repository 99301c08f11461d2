#include "trainer/network/attention_pass.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <optional>
#include <utility>

#include "common/simd/instruction_set.h"
#include "trainer/network/passes.h"

namespace newsgenre {
namespace {

// Returns the instruction set of TrainingAttention, or nullopt to use torch's operators.
std::optional<InstructionSet> SelectOwnKernel(c10::Device device, double dropout) {
  if (!device.is_cpu() || dropout > 0 || !CpuSupports(InstructionSet::kAvx2)) return std::nullopt;
  return CpuSupports(InstructionSet::kAvx512) ? InstructionSet::kAvx512 : InstructionSet::kAvx2;
}

QkvTensors SplitProjections(const std::vector<at::Tensor>& projections) {
  if (projections.size() == 3) return {projections[0], projections[1], projections[2]};
  const std::vector<at::Tensor> columns = projections[0].chunk(3, 1);
  return {columns[0], columns[1], columns[2]};
}

}  // namespace

std::string AttentionKernel(c10::Device device, double dropout) {
  const std::optional<InstructionSet> own = SelectOwnKernel(device, dropout);
  return own ? InstructionSetName(*own) : "torch";
}

BatchAttention::BatchAttention(const PackedBatch& batch, int64_t heads, double dropout) : heads_(heads) {
  if (const std::optional<InstructionSet> own = SelectOwnKernel(batch.ids.device(), dropout)) {
    own_kernel_.emplace(*own, batch, heads);
  } else {
    torch_layout_.emplace(batch, dropout);
  }
}

at::Tensor AttentionPass::Forward(const BatchAttention& attention, std::vector<at::Tensor> in,
                                  bool training) {
  projections = std::move(in);
  if (attention.own_kernel_) {
    output = attention.own_kernel_->Forward(SplitProjections(projections));
    return output.context;
  }
  const at::AutoGradMode record(training);
  if (training) {
    for (at::Tensor& projection : projections) projection = Leaf(projection);
  }
  const QkvTensors qkv = SplitProjections(projections);
  output.context = attention.torch_layout_->Attend(qkv.queries, qkv.keys, qkv.values, attention.heads_);
  return output.context.detach();
}

std::vector<at::Tensor> AttentionPass::Backward(const BatchAttention& attention,
                                                const at::Tensor& dcontext) const {
  std::vector<at::Tensor> gradients;
  if (attention.own_kernel_) {
    for (const at::Tensor& projection : projections) gradients.push_back(at::empty_like(projection));
    attention.own_kernel_->Backward(SplitProjections(projections), output, dcontext,
                                    SplitProjections(gradients));
    return gradients;
  }
  output.context.backward(dcontext);
  for (const at::Tensor& projection : projections) gradients.push_back(projection.grad());
  return gradients;
}

}  // namespace newsgenre
