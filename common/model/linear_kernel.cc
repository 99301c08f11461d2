#include "common/model/linear_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

#include <utility>

namespace newsgenre {
namespace {

at::ScalarType TypeOf(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

at::Tensor Finish(const at::Tensor& y, After after, const at::Tensor& residual) {
  switch (after) {
    case After::kGelu:
      return at::gelu(y, "none");
    case After::kGeluTanh:
      return at::gelu(y, "tanh");
    case After::kAddResidual:
      return y + residual;
    default:
      return y;
  }
}

// at::linear: what torch takes by itself.
class PlainLinear : public LinearKernel {
 public:
  PlainLinear(const LinearMap& map, Precision precision)
      : name_("at::linear " + std::string(PrecisionName(precision))),
        weight_(map.affine.weight.to(TypeOf(precision))),
        bias_(map.affine.bias.to(TypeOf(precision))),
        after_(map.after) {}

  std::string name() const override { return name_; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    return Finish(at::linear(x, weight_, bias_), after_, residual);
  }

 private:
  const std::string name_;
  const at::Tensor weight_;
  const at::Tensor bias_;
  const After after_;
};

}  // namespace

std::vector<std::shared_ptr<const LinearKernel>> MakeLinearKernels(const LinearMap& map,
                                                                   Precision precision) {
  return {std::make_shared<const PlainLinear>(map, precision)};
}

}  // namespace newsgenre
