// The kernels that can run a linear map of the network on the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/device/precision.h"
#include "common/kernels/affine.h"
#include "common/simd/epilogue.h"

namespace newsgenre {

// A linear map in fp32 and the step that follows it.
struct LinearMap {
  std::string name;
  Affine affine;
  Epilogue epilogue = Epilogue::kNothing;
};

// A linear map on one kernel. Owns the weights in the kernel's layout. Immutable; safe to use from any
// thread.
class LinearKernel {
 public:
  virtual ~LinearKernel() = default;
  // Returns the library or instruction set and the precision, such as "oneDNN fp32" or "own AVX2 fp32".
  // Reports and training states store these names.
  virtual std::string name() const = 0;
  // Computes y = x Wᵀ + b and applies the epilogue. `x` is [rows, in]; `y` and, for kAddResidual, `residual`
  // are [rows, out] and must not overlap. All are in fp32; the kernel converts to its precision. A row's
  // result does not depend on the other rows. The project's own kernels run on the calling thread; those of
  // libraries do so in a ParallelFor with several shares, and use all of torch's threads otherwise. Throws
  // torch's exceptions.
  virtual void Run(const float* x, int64_t rows, const float* residual, float* y) const = 0;
};

using Kernels = std::vector<std::shared_ptr<const LinearKernel>>;

// Returns every kernel that the CPU has for the map in this precision, which must not be fp16. at::linear is
// one of them except for int8. A kernel that throws while it is created or tried is logged and left out. If
// none is left, returns at::linear in fp32 and throws its exceptions.
Kernels MakeLinearKernels(const LinearMap& map, Precision precision);

// Returns the rate of each kernel in 10⁹ floating-point or integer operations per second, when each of the
// calling thread's CPU threads runs it on `rows` rows at the same time.
std::vector<double> TimeLinearKernels(const Kernels& kernels, const LinearMap& map, int64_t rows);

// A kernel and its rates on this machine, of all threads together.
struct TimedKernel {
  std::shared_ptr<const LinearKernel> kernel;
  double small_gflops = 0;  // at kSmallRows rows per thread
  double large_gflops = 0;  // at kLargeRows rows per thread
};
inline constexpr int64_t kSmallRows = 27;  // half of an average AG News text, which has 54 tokens
inline constexpr int64_t kLargeRows = 96;  // the rows that CpuNetwork takes through a layer together

// Times all kernels for a moment. Returns the one with the largest product of both rates.
TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision);

}  // namespace newsgenre
