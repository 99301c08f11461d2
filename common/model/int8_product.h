// Products of matrices in 8 bits on processors with AVX2, where no library runs them at the processor's rate.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/model/row_quantizer.h"

namespace newsgenre {

// AVX2 multiplies u8 by s8 and adds two neighbours up in 16 bits (vpmaddubsw), then pairs of those in 32
// (vpmaddwd). With values of 7 bits and weights within ±63, two of the 16-bit sums add up without overflow
// (4 · 127 · 63 < 2¹⁵), which saves every second of the second steps: a third more products in the same time
// than with weights within ±127.
class Int8Product {
 public:
  static constexpr int kLevels = 127;      // what a value of the rows may be at most
  static constexpr int kWeightLimit = 63;  // what a weight's magnitude may be at most
  static constexpr int64_t kInMultiple = 8;
  static constexpr int64_t kOutMultiple = 16;

  // Whether this processor has AVX2 and a map of these sizes fits the multiples above.
  static bool Fits(int64_t in, int64_t out);

  // `weight`: [out, in] int8, within ±kWeightLimit; `scales`: [out] fp32, a weight's value is weight · scale.
  // `columns`: [out] each. The sizes fit.
  Int8Product(const at::Tensor& weight, const at::Tensor& scales, const ColumnTerms& columns);

  // [rows, out] fp32: (scale · values + offset) · (weight · scales)ᵀ + bias, plus `residual` [rows, out],
  // contiguous fp32, where it is defined. `rows`: [rows, in], at most kLevels. A row's result does not depend
  // on the others. On the calling thread's CPU threads; any thread.
  at::Tensor Run(const QuantizedRows& rows, const at::Tensor& residual) const;

 private:
  const int64_t in_;
  const int64_t out_;
  const at::Tensor scales_;
  const ColumnTerms columns_;
  at::Tensor panels_;  // the weights, kOutMultiple columns side by side; see the source
};

}  // namespace newsgenre
