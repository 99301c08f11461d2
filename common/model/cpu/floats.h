// A vector register of fp32 values, in each instruction set by the same names.
#pragma once

#include <cstdint>

#include "common/model/cpu/instructions.h"

#if defined(__x86_64__)

namespace newsgenre::avx2 {

using Floats = __m256;  // + - * / work on each lane
inline constexpr int64_t kLanes = 8;
// So many rows and vectors of columns that a tile's sums, a row of weights and a word of x fit into 16
// registers.
inline constexpr int64_t kTileRows = 6, kTileVectors = 2;

NEWSGENRE_AVX2 inline Floats Load(const float* x) { return _mm256_loadu_ps(x); }
NEWSGENRE_AVX2 inline void Store(Floats x, float* to) { _mm256_storeu_ps(to, x); }
NEWSGENRE_AVX2 inline Floats Set(float x) { return _mm256_set1_ps(x); }
NEWSGENRE_AVX2 inline Floats MulAdd(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
NEWSGENRE_AVX2 inline Floats MulSub(Floats a, Floats b, Floats c) { return _mm256_fmsub_ps(a, b, c); }
// The second where one is not a number.
NEWSGENRE_AVX2 inline Floats Max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
NEWSGENRE_AVX2 inline Floats Min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
NEWSGENRE_AVX2 inline Floats Nearest(Floats x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// x · 2ⁿ, for whole n that leave the result a normal number.
NEWSGENRE_AVX2 inline Floats TimesPowerOfTwo(Floats x, Floats n) {
  const __m256i more = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);  // in the exponent's bits
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), more));
}
NEWSGENRE_AVX2 inline float Largest(Floats x) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
NEWSGENRE_AVX2 inline float Sum(Floats x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace newsgenre::avx2

namespace newsgenre::avx512 {

using Floats = __m512;
inline constexpr int64_t kLanes = 16;
inline constexpr int64_t kTileRows = 6, kTileVectors = 4;  // of 32 registers

NEWSGENRE_AVX512 inline Floats Load(const float* x) { return _mm512_loadu_ps(x); }
NEWSGENRE_AVX512 inline void Store(Floats x, float* to) { _mm512_storeu_ps(to, x); }
NEWSGENRE_AVX512 inline Floats Set(float x) { return _mm512_set1_ps(x); }
NEWSGENRE_AVX512 inline Floats MulAdd(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
NEWSGENRE_AVX512 inline Floats MulSub(Floats a, Floats b, Floats c) { return _mm512_fmsub_ps(a, b, c); }
NEWSGENRE_AVX512 inline Floats Max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
NEWSGENRE_AVX512 inline Floats Min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
NEWSGENRE_AVX512 inline Floats Nearest(Floats x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
NEWSGENRE_AVX512 inline Floats TimesPowerOfTwo(Floats x, Floats n) { return _mm512_scalef_ps(x, n); }
NEWSGENRE_AVX512 inline float Largest(Floats x) { return _mm512_reduce_max_ps(x); }
NEWSGENRE_AVX512 inline float Sum(Floats x) { return _mm512_reduce_add_ps(x); }

}  // namespace newsgenre::avx512

#endif
