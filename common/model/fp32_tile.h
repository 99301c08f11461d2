// A tile of a product of fp32 matrices in vector registers, for processors with AVX2.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/model/avx2.h"

#if defined(__x86_64__)

namespace newsgenre::avx2 {

// y[r][c] = start[c] + Σᵢ x[r][i] · w[i][c]; strides are the distances of rows.
struct Fp32Tile {
  const float* x;
  int64_t x_stride;
  const float* w;
  int64_t w_stride;
  int64_t inputs;
  const float* start;  // null: 0
  int64_t start_stride;
  float* y;
  int64_t y_stride;
};

// So many rows of 16 columns that their sums, a row of w and a value of x fit into the 16 vector registers.
inline constexpr int64_t kTileRows = 6;

// kRows rows and kVectors · 8 columns.
template <int64_t kRows, int64_t kVectors>
NEWSGENRE_AVX2 void MultiplyTile(const Fp32Tile& tile) {
  __m256 sums[kRows][kVectors];
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; ++row) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v) {
      sums[row][v] = tile.start == nullptr ? _mm256_setzero_ps()
                                           : _mm256_loadu_ps(tile.start + row * tile.start_stride + 8 * v);
    }
  }
  const float* w = tile.w;
#pragma GCC unroll 2
  for (int64_t i = 0; i < tile.inputs; ++i, w += tile.w_stride) {
    __m256 values[kVectors];
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v) values[v] = _mm256_loadu_ps(w + 8 * v);
#pragma GCC unroll 6
    for (int64_t row = 0; row < kRows; ++row) {
      const __m256 x = _mm256_broadcast_ss(tile.x + row * tile.x_stride + i);
#pragma GCC unroll 2
      for (int64_t v = 0; v < kVectors; ++v) sums[row][v] = _mm256_fmadd_ps(x, values[v], sums[row][v]);
    }
  }
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; ++row) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v) {
      _mm256_storeu_ps(tile.y + row * tile.y_stride + 8 * v, sums[row][v]);
    }
  }
}

// `rows` rows, in tiles of at most kTileRows; the last two are about equal, since small ones wait for each
// sum's previous step.
template <int64_t kVectors>
inline void MultiplyTiles(Fp32Tile tile, int64_t rows) {
  constexpr void (*kTiles[kTileRows + 1])(const Fp32Tile&) = {
      nullptr,
      MultiplyTile<1, kVectors>,
      MultiplyTile<2, kVectors>,
      MultiplyTile<3, kVectors>,
      MultiplyTile<4, kVectors>,
      MultiplyTile<5, kVectors>,
      MultiplyTile<6, kVectors>,
  };
  while (rows > 0) {
    const bool last_two = rows > kTileRows && rows < 2 * kTileRows;
    const int64_t height = last_two ? (rows + 1) / 2 : std::min(rows, kTileRows);
    kTiles[height](tile);
    tile.x += height * tile.x_stride;
    tile.y += height * tile.y_stride;
    if (tile.start != nullptr) tile.start += height * tile.start_stride;
    rows -= height;
  }
}

}  // namespace newsgenre::avx2

#endif
