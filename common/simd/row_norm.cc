#include "common/simd/row_norm.h"

#include <cmath>

#define NEWSGENRE_SIMD_CODE "common/simd/row_norm.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

void NormalizeRow(float* x, int64_t width, const float* weight, const float* bias, float epsilon) {
  const auto count = static_cast<float>(width);
  float sum = 0, squares = 0;
  for (int64_t i = 0; i < width; ++i) sum += x[i];
  const float mean = sum / count;
  for (int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / std::sqrt(squares / count + epsilon);
  for (int64_t i = 0; i < width; ++i) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

using Way = void (*)(float* x, int64_t width, const float* weight, const float* bias, float epsilon);

Way WayFor(int64_t width) {
#if defined(__x86_64__)
  if (width % avx512::kLanes == 0 && HasAvx512()) return avx512::NormalizeRow;
  if (width % avx2::kLanes == 0 && HasAvx2()) return avx2::NormalizeRow;
#endif
  return NormalizeRow;
}

}  // namespace

void NormalizeRows(float* x, int64_t rows, int64_t width, const float* weight, const float* bias,
                   double epsilon) {
  const Way normalize = WayFor(width);
  for (int64_t row = 0; row < rows; ++row) {
    normalize(x + row * width, width, weight, bias, static_cast<float>(epsilon));
  }
}

}  // namespace newsgenre
