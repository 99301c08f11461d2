#include "trainer/network/training_linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mkldnn_linear_backward_weights.h>
#include <ATen/ops/mm.h>

#include <optional>
#include <string_view>
#include <tuple>

#include "common/device/torch_operator.h"
#include "common/model/packed_batch.h"
#include "common/simd/instruction_set.h"

namespace newsgenre {
namespace {

// The number of rows that oneDNN optimizes the blocked format for. Any number of rows can use it.
constexpr int64_t kTypicalRows = 2048;

at::Tensor ToBlocks(const at::Tensor& weight) {
  static const auto reorder =
      TorchOperator<at::Tensor(const at::Tensor&, std::optional<int64_t>)>("mkldnn::_reorder_linear_weight");
  return reorder.call(weight.contiguous(), kTypicalRows);
}

at::Tensor Multiply(const at::Tensor& x, const at::Tensor& blocks, const std::optional<at::Tensor>& bias) {
  static const auto linear =
      TorchOperator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                               std::string_view, PostOpArguments, std::optional<std::string_view>)>(
          "mkldnn::_linear_pointwise");
  return linear.call(x.contiguous(), blocks, bias, "none", PostOpArguments(), "");
}

}  // namespace

std::string ProductLibraryName(ProductLibrary library) {
  return library == ProductLibrary::kOneDnn ? "oneDNN" : "torch";
}

ProductLibrary FastestProductLibrary(c10::Device device) {
  return device.is_cpu() && CpuSupports(InstructionSet::kAvx512) ? ProductLibrary::kOneDnn
                                                                 : ProductLibrary::kTorch;
}

TrainingLinear::TrainingLinear(const Affine& map, const Affine& gradients, ProductLibrary library)
    : map_(map), gradients_(gradients), library_(library) {
  Refresh();
}

void TrainingLinear::Refresh() {
  if (library_ != ProductLibrary::kOneDnn) return;
  blocks_ = ToBlocks(map_.weight);
  transposed_blocks_ = ToBlocks(map_.weight.t());
}

bool TrainingLinear::UsesBlocks(const at::Tensor& rows) const {
  return library_ == ProductLibrary::kOneDnn && rows.size(0) % kRowMultiple == 0;
}

at::Tensor TrainingLinear::Forward(const at::Tensor& x) const {
  return UsesBlocks(x) ? Multiply(x, blocks_, map_.bias) : at::linear(x, map_.weight, map_.bias);
}

at::Tensor TrainingLinear::Backward(const at::Tensor& dy, const at::Tensor& x) const {
  AddWeightGradient(dy, x);
  gradients_.bias.add_(dy.sum(0));
  return UsesBlocks(dy) ? Multiply(dy, transposed_blocks_, std::nullopt) : at::mm(dy, map_.weight);
}

void TrainingLinear::AddWeightGradient(const at::Tensor& dy, const at::Tensor& x) const {
  if (x.scalar_type() != at::kFloat) {
    gradients_.weight.add_(at::mm(dy.t(), x));
  } else if (UsesBlocks(x)) {
    gradients_.weight.add_(std::get<0>(at::mkldnn_linear_backward_weights(
        dy.contiguous().to_mkldnn(), x.contiguous().to_mkldnn(), map_.weight, /*bias_defined=*/false)));
  } else {
    gradients_.weight.addmm_(dy.t(), x);
  }
}

}  // namespace newsgenre
