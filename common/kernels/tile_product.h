// Our own products of matrices, on processors with AVX2 or AVX-512.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/device/precision.h"
#include "common/kernels/affine.h"
#include "common/simd/cpu_instructions.h"
#include "common/simd/epilogue.h"

namespace newsgenre {

struct ProductOfRows;

// y = x Wᵀ + b with the weights in panels of a few vectors of columns: a few rows of x meet a panel at a
// time, so that their sums stay in registers, and a block of the panel stays in a cache while all rows pass.
// That is the scheme of Goto and van de Geijn 2008 (Anatomy of High-Performance Matrix Multiplication) with x
// as it lies. The same for all precisions, on 32-bit words of one, two or four inputs (see tile.h).
class TileProduct {
 public:
  // Whether this processor has the instructions, they multiply in this precision (AVX2 in fp32, AVX-512 also
  // in bf16 and int8), and the inputs make whole words and the outputs whole vectors.
  static bool Fits(Instructions instructions, Precision precision, int64_t in, int64_t out);

  // `map` is fp32 and fits. int8: as in QuantizedWeight and QuantizedRows.
  TileProduct(Instructions instructions, Precision precision, const Affine& map, Epilogue after);

  // y = x Wᵀ + b and what comes after it. `x`: [rows, in]; `y` and, for kAddResidual, `residual`: [rows,
  // out]. A row's result does not depend on the others, to the bit. Best with so few rows that x stays in the
  // second-level cache. Runs on the calling thread alone; any thread.
  void Run(const float* x, int64_t rows, const float* residual, float* y) const;

 private:
  const int64_t in_;
  const int64_t out_;
  const Precision precision_;
  const Epilogue after_;
  const at::Tensor bias_;
  at::Tensor scales_, sums_;  // int8: of each column's weights; see QuantizedWeight
  at::Tensor panels_;         // panel by panel [words, columns]; the last one may have fewer columns
  void (*multiply_)(const ProductOfRows&) = nullptr;
};

}  // namespace newsgenre
