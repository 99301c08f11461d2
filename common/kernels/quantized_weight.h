// A linear map's weights in 8 bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/kernels/affine.h"

namespace newsgenre {

// weight[o][i] ≈ scales[o] · values[o][i]. With rows as in QuantizedRows,
//   x Wᵀ + b = row.scale · scales · (row.values · valuesᵀ) + row.offset · sums + b
//
// Without VNNI, products of 8 bits are added up in 16, which overflow where both have all 8: 7 bits then, and
// a little less in the weights, as Int8Product wants it. So all kernels of a machine give the same results.
struct QuantizedWeight {
  // What a value of a row may be at most, and a weight's magnitude, on this processor.
  static int RowLevels();
  static int WeightLimit();
  // A product of more inputs might leave the 32 bits of its sums.
  static constexpr int64_t kMostInputs = (int64_t{1} << 31) / (255 * 127);

  // With magnitudes up to `limit`.
  explicit QuantizedWeight(const Affine& map, int limit = WeightLimit());

  at::Tensor values;  // [out, in] int8
  at::Tensor scales;  // [out] fp32, above 0
  at::Tensor sums;    // [out] fp32: of a row's dequantised weights
  at::Tensor bias;    // [out] fp32
};

}  // namespace newsgenre
