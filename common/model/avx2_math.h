// Functions of eight fp32 values at once, for processors with AVX2 and FMA.
#pragma once

#include <cstdint>

#include "common/model/after.h"
#include "common/model/avx2.h"

#if defined(__x86_64__)

namespace newsgenre::avx2 {

// The polynomial in x with these coefficients, that of the highest power first.
NEWSGENRE_AVX2 inline __m256 Polynomial(__m256 /*x*/, __m256 sum) { return sum; }
template <typename... Rest>
NEWSGENRE_AVX2 inline __m256 Polynomial(__m256 x, __m256 sum, float coefficient, Rest... rest) {
  return Polynomial(x, _mm256_fmadd_ps(sum, x, _mm256_set1_ps(coefficient)), rest...);
}

// eˣ to 2e-7 of its value; x below -87 counts as -87, above 88 as 88. eˣ = 2ⁿ · 2ᶠ with n the nearest integer
// to x log₂e; 2ᶠ for |f| ≤ ½ by a polynomial fitted for the least relative error.
NEWSGENRE_AVX2 inline __m256 Exp(__m256 x) {
  const __m256 log2e = _mm256_set1_ps(1.44269502f), log2e_rest = _mm256_set1_ps(1.92596299e-8f);
  x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87.0f)), _mm256_set1_ps(88.0f));
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, log2e), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 f = _mm256_fmadd_ps(x, log2e_rest, _mm256_fmsub_ps(x, log2e, n));
  const __m256 power = Polynomial(f, _mm256_set1_ps(1.327636110e-03f), 9.675542322e-03f, 5.550713578e-02f,
                                  2.402211974e-01f, 6.931469669e-01f, 1.000000072e+00f);
  // n more in the exponent's bits.
  const __m256i bits = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), bits));
}

// x Φ(x) = x (½ + ½ erf(x/√2)), the second term as x P(x²) / Q(x²), fitted for |x| ≤ 5.5 to an error of 1e-8;
// beyond that it is ±½ in fp32.
NEWSGENRE_AVX2 inline __m256 Gelu(__m256 x) {
  const __m256 bound = _mm256_set1_ps(5.5f);
  const __m256 z = _mm256_max_ps(_mm256_min_ps(x, bound), _mm256_sub_ps(_mm256_setzero_ps(), bound));
  const __m256 u = _mm256_mul_ps(z, z);
  const __m256 p = Polynomial(u, _mm256_set1_ps(2.274941340e-08f), 6.352075413e-06f, 1.688233012e-04f,
                              4.677246379e-03f, 3.385244241e-02f, 3.989422347e-01f);
  const __m256 q = Polynomial(u, _mm256_set1_ps(1.197502120e-06f), 7.364659611e-05f, 1.884431779e-03f,
                              2.864575006e-02f, 2.515214081e-01f, 1.0f);
  const __m256 half_erf = _mm256_div_ps(_mm256_mul_ps(z, p), q);
  return _mm256_fmadd_ps(x, half_erf, _mm256_mul_ps(x, _mm256_set1_ps(0.5f)));
}

// ½ x (1 + tanh(t)) = x / (1 + e⁻²ᵗ), t = √(2/π) (x + 0.044715 x³)
NEWSGENRE_AVX2 inline __m256 GeluTanh(__m256 x) {
  const __m256 inner = _mm256_fmadd_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-2 * 0.797884561f * 0.044715f),
                                       _mm256_set1_ps(-2 * 0.797884561f));
  return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1.0f), Exp(_mm256_mul_ps(x, inner))));
}

// to[at] … to[at + 7] = `y` after what comes after it. `residual` may be null but for kAddResidual.
NEWSGENRE_AVX2 inline void StoreAfter(__m256 y, After after, const float* residual, float* to, int64_t at) {
  if (after == After::kAddResidual) y = _mm256_add_ps(y, _mm256_loadu_ps(residual + at));
  if (after == After::kGelu) y = Gelu(y);
  if (after == After::kGeluTanh) y = GeluTanh(y);
  _mm256_storeu_ps(to + at, y);
}

}  // namespace newsgenre::avx2

#endif
