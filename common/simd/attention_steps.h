// Steps of attention, in newsgenre::avx2 and newsgenre::avx512: Transpose, Exponentiate and Scale. Their
// contracts are in attention_steps.inc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "common/simd/math.h"

namespace newsgenre {

// The sum of the exponentials of a softmax: ln Σ exp(scale · score) = offset + ln(sum).
struct ExponentialSum {
  float offset;  // scale · the largest score
  float sum;     // Σ exp(scale · score - offset)
};

// The rows of a matrix, `stride` values apart.
struct StridedRows {
  const float* first;
  int64_t count;
  int64_t stride;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/simd/attention_steps.inc"
#include "common/simd/for_each_simd.h"
