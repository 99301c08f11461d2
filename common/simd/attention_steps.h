// Steps of attention, in newsgenre::avx2 and newsgenre::avx512: Transpose, Exponentiate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "common/simd/math.h"

namespace newsgenre {

// What softmax makes probabilities and the logarithm of their sum from.
struct ExponentialSum {
  float offset;  // the largest score, scaled
  float sum;     // of e to each scaled score less the offset
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/simd/attention_steps.inc"
#include "common/simd/for_each_simd.h"
