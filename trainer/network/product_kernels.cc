#include "trainer/network/product_kernels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include <tuple>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/model/cpu/instructions.h"

namespace newsgenre {
namespace {

constexpr int64_t kPictureWidth = 16;
constexpr const char* kNames[] = {"matrix", "convolution"};

// oneDNN makes a convolution anew for every number of rows that it hasn't seen lately: the last layer's rows,
// one a text, aren't worth that.
bool IsWorthIt(ProductKernel kernel, const at::Tensor& rows) {
  return kernel == ProductKernel::kConvolution && rows.size(0) % kPictureWidth == 0;
}

// [rows, channels] as a picture with a place for each row and its channels last; no bytes move. A picture of
// one line would be slow.
at::Tensor AsPicture(const at::Tensor& x) {
  return x.view({1, -1, kPictureWidth, x.size(1)}).permute({0, 3, 1, 2});
}

at::Tensor FromPicture(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).reshape({-1, x.size(1)}); }

// [out, in] as kernels of one place; no bytes move.
at::Tensor AsKernels(const at::Tensor& x) {
  return x.view({x.size(0), 1, 1, x.size(1)}).permute({0, 3, 1, 2});
}

at::Tensor FromKernels(const at::Tensor& x) {
  return x.permute({0, 2, 3, 1}).reshape({x.size(0), x.size(1)});
}

enum class Gradient { kInput, kWeight };

at::Tensor ConvolutionGradient(Gradient of, const at::Tensor& dy, const at::Tensor& x,
                               const at::Tensor& weight) {
  const bool input = of == Gradient::kInput;
  const auto gradients = at::convolution_backward(
      AsPicture(dy), AsPicture(x), AsKernels(weight), /*bias_sizes=*/std::nullopt, /*stride=*/{1, 1},
      /*padding=*/{0, 0}, /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0}, /*groups=*/1,
      {input, !input, false});
  return input ? FromPicture(std::get<0>(gradients)) : FromKernels(std::get<1>(gradients));
}

at::Tensor Forward(ProductKernel kernel, const at::Tensor& x, const Affine& map) {
  if (!IsWorthIt(kernel, x)) return at::linear(x, map.weight, map.bias);
  return FromPicture(at::conv2d(AsPicture(x), AsKernels(map.weight), map.bias));
}

at::Tensor InputGradient(ProductKernel kernel, const at::Tensor& dy, const at::Tensor& x,
                         const at::Tensor& weight) {
  if (!IsWorthIt(kernel, x)) return at::mm(dy, weight);
  return ConvolutionGradient(Gradient::kInput, dy, x, weight);
}

void AddWeightGradient(ProductKernel kernel, const at::Tensor& dy, const at::Tensor& x,
                       const at::Tensor& weight, const at::Tensor& gradient) {
  if (IsWorthIt(kernel, x)) {
    gradient.add_(ConvolutionGradient(Gradient::kWeight, dy, x, weight));
  } else if (x.scalar_type() == gradient.scalar_type()) {
    gradient.addmm_(dy.t(), x);
  } else {
    gradient.add_(at::mm(dy.t(), x));
  }
}

}  // namespace

at::Tensor ProductKernels::Forward(const at::Tensor& x, const Affine& map) const {
  return newsgenre::Forward(forward, x, map);
}

at::Tensor ProductKernels::Backward(const at::Tensor& dy, const at::Tensor& x, const Affine& map,
                                    const Affine& gradients) const {
  AddWeightGradient(weight_gradient, dy, x, map.weight, gradients.weight);
  gradients.bias.add_(dy.sum(0));
  return InputGradient(input_gradient, dy, x, map.weight);
}

std::string ProductKernels::ToString() const {
  std::vector<std::string> names;
  for (const ProductKernel kernel : {forward, input_gradient, weight_gradient}) {
    names.push_back(kNames[static_cast<int>(kernel)]);
  }
  return absl::StrJoin(names, " ");
}

ProductKernels FastestProductKernels(c10::Device device, at::ScalarType type) {
  if (!device.is_cpu() || !HasAvx512()) return {};
  ProductKernels kernels = {ProductKernel::kConvolution, ProductKernel::kConvolution,
                            ProductKernel::kConvolution};
  if (type == at::kBFloat16) kernels.weight_gradient = ProductKernel::kMatrix;
  return kernels;
}

}  // namespace newsgenre
