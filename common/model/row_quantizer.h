// Matrices in 8 bits, one scale and one offset a row, so that a row's values do not depend on its neighbours.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace newsgenre {

// x[r][i] ≈ scale[r] · values[r][i] + offset[r]
struct QuantizedRows {
  at::Tensor values;   // [rows, width] uint8, 0 … levels
  at::Tensor scales;   // [rows] fp32, above 0
  at::Tensor offsets;  // [rows] fp32: the row's least value
};

// `x`: [rows, width] fp32 on the CPU, each row contiguous. `levels`: at most 255. Any thread.
QuantizedRows QuantizeRows(const at::Tensor& x, int levels);

// What an integer product's columns have in common, [out] fp32 each.
struct ColumnTerms {
  at::Tensor sums;  // of the dequantised weights that a column multiplies with
  at::Tensor bias;
};

// From `product` = values · Wᵀ to (scale · values + offset) · Wᵀ + bias, in place:
//   y[r][c] = scales[r] · product[r][c] + offsets[r] · sums[c] + bias[c] (+ residual[r][c])
// `residual` may be undefined. Any thread.
void FinishRows(const QuantizedRows& rows, const ColumnTerms& columns, const at::Tensor& residual,
                at::Tensor* product);

}  // namespace newsgenre
