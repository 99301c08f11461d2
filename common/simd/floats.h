// A vector register of fp32 values, under the same names in newsgenre::avx2 and newsgenre::avx512.
#pragma once

#include <cstdint>

#include "common/simd/instruction_set.h"

namespace newsgenre {

// bfloat16: the upper half of an fp32.
struct Bf16 {
  uint16_t bits;
};

}  // namespace newsgenre

#if defined(__x86_64__)

namespace newsgenre::avx2 {

using Floats = __m256;  // has the operators + - * /, which work lane by lane
inline constexpr int64_t kLanes = 8;
// The height of a tile of a matrix product and its width in vectors (see tile.h). Its sums, one row of
// weights and one word of x take 15 of the 16 registers.
inline constexpr int64_t kTileRows = 6, kTileVectors = 2;

NEWSGENRE_AVX2 inline Floats Load(const float* x) { return _mm256_loadu_ps(x); }
NEWSGENRE_AVX2 inline void Store(Floats x, float* to) { _mm256_storeu_ps(to, x); }
// bf16: loading widens, storing rounds to nearest even.
NEWSGENRE_AVX2 inline Floats Load(const Bf16* x) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(values), 16));
}
NEWSGENRE_AVX2 inline void Store(Floats x, Bf16* to) {
  const __m256i bits = _mm256_castps_si256(x);
  // Adds 0x8000 if the last bit that is kept is 1 and 0x7fff if it is 0, so that ties round to even.
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m256i kept = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fc00000), is_nan);
  const __m256i halves = _mm256_packus_epi32(_mm256_srli_epi32(kept, 16), _mm256_setzero_si256());
  const __m256i packed = _mm256_permute4x64_epi64(halves, 0b1000);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(packed));
}
NEWSGENRE_AVX2 inline Floats Set(float x) { return _mm256_set1_ps(x); }
NEWSGENRE_AVX2 inline Floats MulAdd(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
NEWSGENRE_AVX2 inline Floats MulSub(Floats a, Floats b, Floats c) { return _mm256_fmsub_ps(a, b, c); }
// Max and Min return `b` if either operand is NaN.
NEWSGENRE_AVX2 inline Floats Max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
NEWSGENRE_AVX2 inline Floats Min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
NEWSGENRE_AVX2 inline Floats Round(Floats x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// Returns x · 2ⁿ. Each n must be an integer for which the result is a normal number.
NEWSGENRE_AVX2 inline Floats ScaleByPowerOfTwo(Floats x, Floats n) {
  const __m256i shift = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);  // n in the exponent's bits
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), shift));
}
NEWSGENRE_AVX2 inline float ReduceMax(Floats x) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
NEWSGENRE_AVX2 inline float ReduceSum(Floats x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Truncates 32 values from 0 to 255 to integers and stores them as bytes.
NEWSGENRE_AVX2 inline void StoreAsBytes(const Floats (&x)[4], uint8_t* to) {
  // Packing works on each half of a register and leaves groups of four values in this order.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i packed =
      _mm256_packus_epi16(_mm256_packs_epi32(_mm256_cvttps_epi32(x[0]), _mm256_cvttps_epi32(x[1])),
                          _mm256_packs_epi32(_mm256_cvttps_epi32(x[2]), _mm256_cvttps_epi32(x[3])));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32(packed, order));
}

}  // namespace newsgenre::avx2

namespace newsgenre::avx512 {

using Floats = __m512;
inline constexpr int64_t kLanes = 16;
inline constexpr int64_t kTileRows = 6, kTileVectors = 4;  // AVX-512 has 32 registers

NEWSGENRE_AVX512 inline Floats Load(const float* x) { return _mm512_loadu_ps(x); }
NEWSGENRE_AVX512 inline void Store(Floats x, float* to) { _mm512_storeu_ps(to, x); }
NEWSGENRE_AVX512 inline Floats Load(const Bf16* x) {
  const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}
NEWSGENRE_AVX512 inline void Store(Floats x, Bf16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(x));
}
NEWSGENRE_AVX512 inline Floats Set(float x) { return _mm512_set1_ps(x); }
NEWSGENRE_AVX512 inline Floats MulAdd(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
NEWSGENRE_AVX512 inline Floats MulSub(Floats a, Floats b, Floats c) { return _mm512_fmsub_ps(a, b, c); }
NEWSGENRE_AVX512 inline Floats Max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
NEWSGENRE_AVX512 inline Floats Min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
NEWSGENRE_AVX512 inline Floats Round(Floats x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
NEWSGENRE_AVX512 inline Floats ScaleByPowerOfTwo(Floats x, Floats n) { return _mm512_scalef_ps(x, n); }
NEWSGENRE_AVX512 inline float ReduceMax(Floats x) { return _mm512_reduce_max_ps(x); }
NEWSGENRE_AVX512 inline float ReduceSum(Floats x) { return _mm512_reduce_add_ps(x); }

NEWSGENRE_AVX512 inline void StoreAsBytes(const Floats (&x)[2], uint8_t* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(x[0])));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(x[1])));
}

}  // namespace newsgenre::avx512

#endif
