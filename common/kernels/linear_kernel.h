// The kernels that may run a linear map of the network on the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/device/precision.h"
#include "common/kernels/affine.h"
#include "common/simd/epilogue.h"

namespace newsgenre {

// One linear map: weight [out, in] and bias [out], fp32.
struct LinearMap {
  std::string name;
  Affine affine;
  Epilogue after = Epilogue::kNothing;
};

// A map on one kernel. Owns the weights in the layout that the kernel wants. Immutable: any thread.
class LinearKernel {
 public:
  virtual ~LinearKernel() = default;
  // "oneDNN fp32"
  virtual std::string name() const = 0;
  // y = x Wᵀ + b and what comes after it. `x`: [rows, in]; `y` and, for kAddResidual, `residual`: [rows,
  // out], apart. fp32; the kernel converts. A row's result does not depend on the other rows. Our own kernels
  // run on the calling thread alone; libraries' do so among several shares of a ParallelFor, and else on all
  // of torch's threads. torch's exceptions pass.
  virtual void Run(const float* x, int64_t rows, const float* residual, float* y) const = 0;
};

using Kernels = std::vector<std::shared_ptr<const LinearKernel>>;

// Every kernel that the CPU has for the map in this precision (not fp16), at::linear among them where it has
// the precision. One that throws while it is made or tried is left out, which is logged; where none is left,
// at::linear in fp32, whose exceptions pass.
Kernels MakeLinearKernels(const LinearMap& map, Precision precision);

// For each kernel its rate, in 10⁹ floating-point (or integer) operations a second, on so many rows on each
// of the calling thread's CPU threads at once.
std::vector<double> TimeLinearKernels(const Kernels& kernels, const LinearMap& map, int64_t rows);

// A kernel with its rates on this machine.
struct TimedKernel {
  std::shared_ptr<const LinearKernel> kernel;
  double small_gflops = 0;  // at kSmallRows rows a thread
  double large_gflops = 0;  // at kLargeRows rows a thread
};
inline constexpr int64_t kSmallRows = 27;  // a text of AG News, 54 tokens on average, on two threads
inline constexpr int64_t kLargeRows = 96;  // as many as CpuNetwork takes through a layer together

// The kernel with the best rates, by a short timing.
TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision);

}  // namespace newsgenre
