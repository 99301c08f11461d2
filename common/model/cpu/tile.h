// Products of small matrices in vector registers, in newsgenre::avx2 and newsgenre::avx512:
// Multiply<Format>(tile, rows, columns).
#pragma once

#include <algorithm>
#include <cstdint>

namespace newsgenre {

// y[r][c] = Σᵢ x[r][i] · w[i][c], of 32-bit words (see floats.h); strides are the distances of rows, in
// words.
struct Tile {
  const float* x;
  int64_t x_stride;
  const float* w;
  int64_t w_stride;
  int64_t words;  // that i counts
  bool add;       // to what y holds
  float* y;       // the Format's sums
  int64_t y_stride;
  // As many words as w has here, one after the other, are fetched into the second-level cache meanwhile;
  // null: none.
  const float* ahead = nullptr;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/model/cpu/tile.inc"
#include "common/model/cpu/for_each_simd.h"
