// Products of small matrices in vector registers, in newsgenre::avx2 and newsgenre::avx512:
// Multiply<Format>(x, w, y, size).
//
// Inputs are read as words of 32 bits: one fp32, two bf16 or four 8-bit values that are neighbours in a row
// of inputs. A Format multiplies words of x by words of w and sums the products in 32 bits, so that one loop
// serves every precision.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace newsgenre {

// A matrix of 32-bit words in memory: fp32, or pairs of bf16, or four 8-bit values, in the type float.
// `stride` is the distance between its rows, in words.
struct WordMatrix {
  const float* first;
  int64_t stride;
};

// The destination of a product: fp32 values, or int32 sums for a quantized Format.
struct SumMatrix {
  float* first;
  int64_t stride;
  bool add = false;  // whether the product is added to the matrix instead of replacing it
};

// The sizes in y[rows, columns] = x[rows, words] · w[words, columns].
struct ProductSize {
  int64_t rows;
  int64_t words;
  int64_t columns;  // a multiple of kLanes
};

// A product of at most kTileRows rows and kTileVectors vectors of columns.
struct Tile {
  WordMatrix x;
  WordMatrix w;
  SumMatrix y;
  int64_t words;
  const float* prefetch;  // kLanes · words contiguous words to fetch into the second-level cache, or null
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/simd/tile.inc"
#include "common/simd/for_each_simd.h"

#if defined(__x86_64__)

namespace newsgenre::avx512 {

// Two bf16 values per word, summed in fp32.
struct Bf16Format : Fp32Format {
  using Words = __m512i;
  NEWSGENRE_AVX512 static Words LoadWords(const float* w) { return _mm512_loadu_si512(w); }
  NEWSGENRE_AVX512 static Words BroadcastWord(const float* x) {
    int32_t word;
    std::memcpy(&word, x, sizeof(word));
    return _mm512_set1_epi32(word);
  }
  NEWSGENRE_AVX512 static Sums AddProducts(Words x, Words w, Sums sums) {
    return _mm512_dpbf16_ps(sums, (__m512bh)x, (__m512bh)w);
  }
};

// Four 8-bit values per word, unsigned in x and signed in w, summed in int32.
struct Int8Format : Bf16Format {
  using Sums = __m512i;
  static constexpr bool kQuantized = true;
  NEWSGENRE_AVX512 static Sums Zero() { return _mm512_setzero_si512(); }
  NEWSGENRE_AVX512 static Sums LoadSums(const float* y) { return _mm512_loadu_si512(y); }
  NEWSGENRE_AVX512 static void StoreSums(Sums sums, float* y) { _mm512_storeu_si512(y, sums); }
  NEWSGENRE_AVX512 static Sums AddProducts(Words x, Words w, Sums sums) {
    return _mm512_dpbusd_epi32(sums, x, w);
  }
  NEWSGENRE_AVX512 static Floats ToFloats(Sums sums) { return _mm512_cvtepi32_ps(sums); }
};

}  // namespace newsgenre::avx512

#endif
