#include "common/model/avx2_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/model/avx2.h"
#include "common/model/avx2_math.h"
#include "common/model/fp32_tile.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

constexpr int64_t kColumns = 16;  // of a tile

// The keys as columns, [width, padded], so that tiles of scores find theirs side by side.
void TurnKeys(const HeadOfText& head, int64_t padded, float* keys) {
  for (int64_t i = 0; i < head.width; ++i) {
    float* const row = keys + i * padded;
    for (int64_t key = 0; key < head.length; ++key) row[key] = head.k[key * head.kv_stride + i];
    std::fill(row + head.length, row + padded, 0.0f);
  }
}

NEWSGENRE_AVX2 inline float Largest(__m256 x) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

NEWSGENRE_AVX2 inline float Sum(__m256 x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// scores[i] = exp(scale · (scores[i] - the largest)) for i below `length`; 1 / their sum. What lies between
// `length` and `padded` is overwritten.
NEWSGENRE_AVX2 float Exponentiate(float* scores, int64_t length, int64_t padded, float scale) {
  // Far below every score, so that it counts as e⁻⁸⁷.
  std::fill(scores + length, scores + padded, std::numeric_limits<float>::lowest());
  __m256 most = _mm256_loadu_ps(scores);
  for (int64_t i = 8; i < padded; i += 8) most = _mm256_max_ps(most, _mm256_loadu_ps(scores + i));
  const __m256 scales = _mm256_set1_ps(scale), offset = _mm256_set1_ps(-scale * Largest(most));
  __m256 sum = _mm256_setzero_ps();
  for (int64_t i = 0; i < padded; i += 8) {
    const __m256 power = avx2::Exp(_mm256_fmadd_ps(_mm256_loadu_ps(scores + i), scales, offset));
    _mm256_storeu_ps(scores + i, power);
    sum = _mm256_add_ps(sum, power);
  }
  return 1.0f / Sum(sum);
}

NEWSGENRE_AVX2 void Scale(float* x, int64_t width, float factor) {
  for (int64_t i = 0; i < width; i += 8) {
    _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(factor)));
  }
}

// The context of at most kTileRows queries.
void AttendQueries(const HeadOfText& head, int64_t padded, const float* keys, float* scores) {
  for (int64_t key = 0; key < padded; key += kColumns) {
    avx2::MultiplyTiles<2>(
        {head.q, head.q_stride, keys + key, padded, head.width, nullptr, 0, scores + key, padded},
        head.queries);
  }
  float inverse_sums[avx2::kTileRows];
  const float scale = 1.0f / std::sqrt(static_cast<float>(head.width));
  for (int64_t query = 0; query < head.queries; ++query) {
    inverse_sums[query] = Exponentiate(scores + query * padded, head.length, padded, scale);
  }
  const auto tile_at = [&](int64_t column) {
    return avx2::Fp32Tile{scores,  padded, head.v + column,       head.kv_stride,     head.length,
                          nullptr, 0,      head.context + column, head.context_stride};
  };
  int64_t column = 0;
  for (; column + kColumns <= head.width; column += kColumns) {
    avx2::MultiplyTiles<2>(tile_at(column), head.queries);
  }
  if (column < head.width) avx2::MultiplyTiles<1>(tile_at(column), head.queries);
  for (int64_t query = 0; query < head.queries; ++query) {
    Scale(head.context + query * head.context_stride, head.width, inverse_sums[query]);
  }
}

}  // namespace

bool HasAvx2Attention(int64_t width) { return width % 8 == 0 && HasAvx2(); }

void AttendAvx2(const HeadOfText& head, std::vector<float>* scratch) {
  const int64_t padded = (head.length + kColumns - 1) / kColumns * kColumns;
  const size_t needed = (head.width + avx2::kTileRows) * padded;
  if (scratch->size() < needed) scratch->resize(needed);
  float* const keys = scratch->data();
  TurnKeys(head, padded, keys);
  for (int64_t query = 0; query < head.queries; query += avx2::kTileRows) {
    HeadOfText some = head;
    some.q += query * head.q_stride;
    some.context += query * head.context_stride;
    some.queries = std::min(avx2::kTileRows, head.queries - query);
    AttendQueries(some, padded, keys, keys + head.width * padded);
  }
}

#else

bool HasAvx2Attention(int64_t) { return false; }
void AttendAvx2(const HeadOfText&, std::vector<float>*) {}

#endif

}  // namespace newsgenre
