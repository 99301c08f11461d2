// The weights of a linear map in 8 bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/kernels/affine.h"

namespace newsgenre {

// weight[o][i] ≈ scales[o] · values[o][i]. With x quantized as in QuantizedRows,
//   x Wᵀ + b = row.scale · scales · (row.values · valuesᵀ) + row.offset · sums + b
//
// Without VNNI, 8-bit products are added in 16 bits, which overflow if both factors use all 8 bits. On such
// processors every kernel quantizes rows to 7 bits and weights to ±Int8Product::kWeightLimit, so that all
// kernels of a machine give the same results.
struct QuantizedWeight {
  // Returns the largest value of a quantized row on this processor.
  static int RowLevels();
  // Returns the largest magnitude of a quantized weight on this processor.
  static int WeightLimit();
  // The largest number of inputs for which a product's sums fit into 32 bits.
  static constexpr int64_t kMaxInputs = (int64_t{1} << 31) / (255 * 127);

  // Quantizes map.weight to magnitudes up to `limit`.
  explicit QuantizedWeight(const Affine& map, int limit = WeightLimit());

  at::Tensor values;  // [out, in] int8
  at::Tensor scales;  // [out] fp32, above 0
  at::Tensor sums;    // [out] fp32: the sum of each output's dequantized weights
  at::Tensor bias;    // [out] fp32
};

}  // namespace newsgenre
