// 8-bit matrix products for processors with AVX2 but without VNNI, on which the libraries' products are slow.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "common/kernels/quantized_weight.h"
#include "common/simd/epilogue.h"

namespace newsgenre {

// A linear map with int8 weights. Immutable; safe to use from any thread.
//
// AVX2 multiplies uint8 by int8 values and adds two neighbouring products in 16 bits (vpmaddubsw), then adds
// pairs of those sums in 32 bits (vpmaddwd). With 7-bit values and weights within ±63, two of the 16-bit sums
// can be added without overflow whatever the weights are (4 · 127 · 63 < 2¹⁵). Four of them can be added
// unless the 8 weights in such a sum are all large and have the same sign, which is rare and is checked once
// for each panel. Adding four saves three of four vpmaddwd.
class Int8Product {
 public:
  static constexpr int kLevels = 127;      // the largest value of a quantized row
  static constexpr int kWeightLimit = 63;  // the largest magnitude of a weight
  static constexpr int64_t kInMultiple = 16;
  static constexpr int64_t kOutMultiple = 8;

  // Returns whether this processor has AVX2, the sizes are multiples of those above, and `in` is at most
  // QuantizedWeight::kMaxInputs.
  static bool Fits(int64_t in, int64_t out);

  // `weight` must be within ±kWeightLimit and its sizes must fit.
  Int8Product(const QuantizedWeight& weight, Epilogue epilogue);

  // See TileProduct::Run.
  void Run(const float* x, int64_t rows, const float* residual, float* y) const;

 private:
  const int64_t in_;
  const int64_t out_;
  QuantizedWeight weight_;  // without its values
  const Epilogue epilogue_;
  at::Tensor panels_;            // the weights, packed; the source describes the layout
  std::vector<bool> four_sums_;  // for each panel, whether four 16-bit sums can be added in 16 bits
};

}  // namespace newsgenre
