// Products of small matrices in vector registers, in newsgenre::avx2 and newsgenre::avx512:
// Multiply<Format>(tile, rows, columns).
//
// A word has 32 bits: one fp32, two bf16 or four 8-bit values, neighbours among a row's inputs. A Format
// multiplies words of rows and weights and adds the products up in 32 bits; so all products have the same
// tiles, whatever their precision.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace newsgenre {

// y[r][c] = Σᵢ x[r][i] · w[i][c], of words; strides are the distances of rows, in
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

#define NEWSGENRE_SIMD_CODE "common/simd/tile.inc"
#include "common/simd/for_each_simd.h"

#if defined(__x86_64__)

namespace newsgenre::avx512 {

// Two bf16 values a word, added up in fp32.
struct Bf16Format : Fp32Format {
  using Words = __m512i;
  NEWSGENRE_AVX512 static Words LoadWords(const float* w) { return _mm512_loadu_si512(w); }
  NEWSGENRE_AVX512 static Words OneWord(const float* x) {
    int32_t word;
    std::memcpy(&word, x, sizeof(word));
    return _mm512_set1_epi32(word);
  }
  NEWSGENRE_AVX512 static Sums AddProducts(Words x, Words w, Sums sums) {
    return _mm512_dpbf16_ps(sums, (__m512bh)x, (__m512bh)w);
  }
};

// Four 8-bit values a word, unsigned in x and signed in the weights, added up in 32 bits.
struct Int8Format : Bf16Format {
  using Sums = __m512i;
  static constexpr bool kQuantized = true;
  NEWSGENRE_AVX512 static Sums Zero() { return _mm512_setzero_si512(); }
  NEWSGENRE_AVX512 static Sums LoadSums(const float* y) { return _mm512_loadu_si512(y); }
  NEWSGENRE_AVX512 static void StoreSums(Sums sums, float* y) { _mm512_storeu_si512(y, sums); }
  NEWSGENRE_AVX512 static Sums AddProducts(Words x, Words w, Sums sums) {
    return _mm512_dpbusd_epi32(sums, x, w);
  }
  NEWSGENRE_AVX512 static Floats Values(Sums sums) { return _mm512_cvtepi32_ps(sums); }
};

}  // namespace newsgenre::avx512

#endif
