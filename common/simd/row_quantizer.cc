#include "common/simd/row_quantizer.h"

#include <algorithm>
#include <limits>

#include "common/simd/cpu_instructions.h"
#include "common/simd/thread_buffer.h"

// The compiler makes such a plain loop for the instructions of several generations of processors; the loader
// takes the best that the machine has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define NEWSGENRE_VECTORIZED __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define NEWSGENRE_VECTORIZED
#endif

namespace newsgenre {
namespace {

struct Range {
  float least;
  float most;
};

// A running least and most for each place in a vector register, so that the compiler may use one.
NEWSGENRE_VECTORIZED Range RangeOf(const float* x, int64_t width) {
  constexpr int64_t kLanes = 32;
  float least[kLanes], most[kLanes];
  for (int64_t lane = 0; lane < kLanes; ++lane) least[lane] = most[lane] = x[0];
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      least[lane] = x[i + lane] < least[lane] ? x[i + lane] : least[lane];
      most[lane] = x[i + lane] > most[lane] ? x[i + lane] : most[lane];
    }
  }
  for (; i < width; ++i) {
    least[0] = std::min(least[0], x[i]);
    most[0] = std::max(most[0], x[i]);
  }
  return {*std::min_element(least, least + kLanes), *std::max_element(most, most + kLanes)};
}

void Quantize(const float* x, int64_t width, float offset, float inverse_scale, uint8_t* values) {
  for (int64_t i = 0; i < width; ++i) {
    values[i] = static_cast<uint8_t>(static_cast<int32_t>((x[i] - offset) * inverse_scale + 0.5f));
  }
}

#if defined(__x86_64__)

// The same of the first values, a multiple of 32, with instructions that compilers don't find: the number
// done.
NEWSGENRE_AVX2 int64_t QuantizeThirtyTwos(const float* x, int64_t width, float offset, float inverse_scale,
                                          uint8_t* values) {
  const __m256 offsets = _mm256_set1_ps(offset), scales = _mm256_set1_ps(inverse_scale);
  const __m256 half = _mm256_set1_ps(0.5f);
  // The packing instructions work on halves of 16 bytes, and leave fours of values in this order.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  int64_t i = 0;
  for (; i + 32 <= width; i += 32) {
    __m256i eights[4];
#pragma GCC unroll 4
    for (int64_t v = 0; v < 4; ++v) {
      const __m256 above = _mm256_sub_ps(_mm256_loadu_ps(x + i + 8 * v), offsets);
      eights[v] = _mm256_cvttps_epi32(_mm256_fmadd_ps(above, scales, half));
    }
    const __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(eights[0], eights[1]),
                                               _mm256_packs_epi32(eights[2], eights[3]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + i), _mm256_permutevar8x32_epi32(packed, order));
  }
  return i;
}

#else

int64_t QuantizeThirtyTwos(const float*, int64_t, float, float, uint8_t*) { return 0; }

#endif

}  // namespace

QuantizedRows QuantizeRows(const float* x, int64_t rows, int64_t width, int levels) {
  uint8_t* const values = ThreadBuffer<QuantizedRows, uint8_t>(rows * width);
  float* const scales = ThreadBuffer<QuantizedRows, float>(2 * rows);
  float* const offsets = scales + rows;
  const bool avx2 = HasAvx2();
  for (int64_t row = 0; row < rows; ++row) {
    const float* const from = x + row * width;
    uint8_t* const to = values + row * width;
    const Range range = RangeOf(from, width);
    // A row of equal values, but for what fp32 can't divide by, is its offset alone.
    const float step = (range.most - range.least) / static_cast<float>(levels);
    const float scale = step >= std::numeric_limits<float>::min() ? step : 1.0f;
    scales[row] = scale;
    offsets[row] = range.least;
    const int64_t done = avx2 ? QuantizeThirtyTwos(from, width, range.least, 1.0f / scale, to) : 0;
    Quantize(from + done, width - done, range.least, 1.0f / scale, to + done);
  }
  return {values, scales, offsets};
}

}  // namespace newsgenre
