#include "trainer/network/passes.h"

#include <ATen/ops/mm.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/ones.h>

#include <tuple>

#include "common/kernels/dropout.h"

namespace newsgenre {

at::Tensor NormPass::Forward(const at::Tensor& in, const Affine& norm, double epsilon) {
  x = in;
  at::Tensor y;
  std::tie(y, mean, rstd) = at::native_layer_norm(x, {x.size(1)}, norm.weight, norm.bias, epsilon);
  return y;
}

at::Tensor NormPass::Backward(const at::Tensor& dy, const Affine& norm, const Affine& gradients) const {
  // On the CPU, torch sums bf16 rows in bf16. For a large batch the sums are off by a tenth.
  const bool own_sums = x.is_cpu() && x.scalar_type() != at::kFloat;
  const auto [dx, dweight, dbias] = at::native_layer_norm_backward(
      dy, x, {x.size(1)}, mean, rstd, norm.weight, norm.bias, {true, !own_sums, !own_sums});
  const at::Tensor ones = own_sums ? at::ones({1, x.size(0)}, x.options()) : at::Tensor();
  gradients.weight.add_(own_sums ? at::mm(ones, (x - mean).mul_(rstd).mul_(dy))[0] : dweight);
  gradients.bias.add_(own_sums ? at::mm(ones, dy)[0] : dbias);
  return dx;
}

at::Tensor DropoutPass::Forward(const at::Tensor& x, double rate, bool training) {
  if (!training || rate == 0) return x;
  mask = DropoutMask(x, rate);
  return x * mask;
}

at::Tensor Leaf(const at::Tensor& x) { return x.detach().requires_grad_(true); }

}  // namespace newsgenre
