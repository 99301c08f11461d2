// Steps of attention, in newsgenre::avx2 and newsgenre::avx512: Transpose, Exponentiate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "common/model/cpu/math.h"

namespace newsgenre {

// What softmax makes probabilities and the logarithm of their sum from.
struct ExponentialSum {
  float offset;  // the largest score, scaled
  float sum;     // of e to each scaled score less the offset
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/model/cpu/attention_steps.inc"
#include "common/model/cpu/for_each_simd.h"
