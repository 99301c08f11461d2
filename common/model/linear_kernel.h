// The kernels that may run a linear map of the network.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/model/after.h"
#include "common/model/albert.h"
#include "common/model/precision.h"

namespace newsgenre {

// The type of the network's activations: fp32 for int8 too.
at::ScalarType NetworkType(Precision precision);

// One linear map: weight [out, in] and bias [out], fp32.
struct LinearMap {
  std::string name;
  Affine affine;
  After after = After::kNothing;
};

// A map on one kernel. Owns the weights in the layout that the kernel wants. Immutable: any
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

// Every kernel that the weight's device has for the map in this precision, at::linear first where it has the
// precision (not int8). A kernel that throws while it is made or tried is left out, which is logged; where
// none is left, at::linear in fp32. torch's exceptions pass for at::linear.
std::vector<std::shared_ptr<const LinearKernel>> MakeLinearKernels(const LinearMap& map, Precision precision);

// A kernel with its rates on this machine, in 10⁹ floating-point (or integer) operations a second.
struct TimedKernel {
  std::shared_ptr<const LinearKernel> kernel;
  double small_gflops = 0;  // at kSmallRows rows
  double large_gflops = 0;  // at kLargeRows rows
};
inline constexpr int64_t kSmallRows = 64;  // a text of AG News has 54 tokens on average
inline constexpr int64_t kLargeRows = 512;

// The kernel with the best rates, by a short timing on the calling thread's CPU threads where there are
// several. On a GPU there is one: it is not timed.
TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision);

}  // namespace newsgenre
