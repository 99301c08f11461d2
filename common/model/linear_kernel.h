// The kernels that may run a linear map of the network.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "common/model/albert.h"
#include "common/model/precision.h"

namespace newsgenre {

// What comes right after x Wᵀ + b, where a kernel can do it in the same pass.
enum class After { kNothing, kGelu, kGeluTanh, kAddResidual };

// One linear map: weight [out, in] and bias [out], fp32.
struct LinearMap {
  std::string name;
  Affine affine;
  After after = After::kNothing;
};

// A map on one of torch's kernels. Owns the weights in the layout that the kernel wants. Immutable: any
// thread.
class LinearKernel {
 public:
  virtual ~LinearKernel() = default;
  // "mkldnn fp32"
  virtual std::string name() const = 0;
  // x: [rows, in] in the network's type (bf16, fp16 or fp32), contiguous. `residual`: [rows, out] for
  // kAddResidual, undefined otherwise. A row's result does not depend on the other rows.
  virtual at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const = 0;
};

// Every kernel that this machine has for the map, in the precision. A kernel that throws while it is made is
// left out, and logged.
std::vector<std::shared_ptr<const LinearKernel>> MakeLinearKernels(const LinearMap& map, Precision precision);

}  // namespace newsgenre
