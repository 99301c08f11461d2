// The project's own matrix products, for processors with AVX2 or AVX-512.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/device/precision.h"
#include "common/kernels/affine.h"
#include "common/simd/epilogue.h"
#include "common/simd/instruction_set.h"

namespace newsgenre {

struct TileProductArgs;

// A linear map whose weights are packed into panels of a few vectors of columns. Immutable; safe to use from
// any thread.
//
// A panel is multiplied by a few rows of x at a time, whose sums stay in registers. A block of the panel
// stays in a cache until all rows have used it. This is the scheme of Goto and van de Geijn 2008 (Anatomy of
// High-Performance Matrix Multiplication) without packing x. All precisions share it: the factors are 32-bit
// words of one, two or four inputs (see tile.h).
class TileProduct {
 public:
  // Returns whether the processor has the instruction set, the set has a kernel for the precision (AVX2:
  // fp32; AVX-512: fp32, bf16 and int8), `in` fills whole words, and `out` fills whole vectors.
  static bool Fits(InstructionSet instruction_set, Precision precision, int64_t in, int64_t out);

  // `map` is in fp32 and must fit. int8 weights are quantized as in QuantizedWeight.
  TileProduct(InstructionSet instruction_set, Precision precision, const Affine& map, Epilogue epilogue);

  // Computes y = x Wᵀ + b and applies the epilogue. `x` is [rows, in]; `y` and, for kAddResidual, `residual`
  // are [rows, out]. A row's result does not depend on the other rows, to the bit. Fastest if x fits into the
  // second-level cache. Runs on the calling thread.
  void Run(const float* x, int64_t rows, const float* residual, float* y) const;

 private:
  const int64_t in_;
  const int64_t out_;
  const Precision precision_;
  const Epilogue epilogue_;
  const at::Tensor bias_;
  at::Tensor scales_, sums_;  // int8 only: see QuantizedWeight
  at::Tensor panels_;         // panel after panel, each [words, columns]; the last may have fewer columns
  void (*multiply_)(const TileProductArgs&) = nullptr;
};

}  // namespace newsgenre
