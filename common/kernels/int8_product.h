// Products of matrices in 8 bits on processors with AVX2, where no library runs them at the processor's rate.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "common/kernels/quantized_weight.h"
#include "common/simd/epilogue.h"

namespace newsgenre {

// AVX2 multiplies u8 by s8 and adds two neighbours up in 16 bits (vpmaddubsw), then pairs of those in 32
// (vpmaddwd). With values of 7 bits and weights within ±63, two of the 16-bit sums add up without overflow
// whatever the weights (4 · 127 · 63 < 2¹⁵), and four of them where no 8 weights that meet there are all
// large and of one sign, as hardly any are: that is looked up once, for each panel. It saves three of four of
// the second steps.
class Int8Product {
 public:
  static constexpr int kLevels = 127;      // what a value of the rows may be at most
  static constexpr int kWeightLimit = 63;  // what a weight's magnitude may be at most
  static constexpr int64_t kInMultiple = 16;
  static constexpr int64_t kOutMultiple = 8;

  // Whether this processor has AVX2 and a map of these sizes fits the multiples above.
  static bool Fits(int64_t in, int64_t out);

  // `weight` is within ±kWeightLimit, and its sizes fit.
  Int8Product(const QuantizedWeight& weight, Epilogue after);

  // As TileProduct::Run.
  void Run(const float* x, int64_t rows, const float* residual, float* y) const;

 private:
  const int64_t in_;
  const int64_t out_;
  QuantizedWeight weight_;  // without its values
  const Epilogue after_;
  at::Tensor panels_;            // the values, kPanelColumns side by side; see the source
  std::vector<bool> four_sums_;  // of each panel: whether four 16-bit sums add up without overflow
};

}  // namespace newsgenre
