#include "common/simd/row_norm.h"

#include <cmath>

#include "common/simd/select_kernel.h"

#define NEWSGENRE_SIMD_CODE "common/simd/row_norm.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

// For processors without AVX2 and for widths that are not a multiple of its vector length.
void NormalizeRow(float* x, int64_t width, const float* weight, const float* bias, float epsilon) {
  const auto count = static_cast<float>(width);
  float sum = 0, squares = 0;
  for (int64_t i = 0; i < width; ++i) sum += x[i];
  const float mean = sum / count;
  for (int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / std::sqrt(squares / count + epsilon);
  for (int64_t i = 0; i < width; ++i) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

}  // namespace

void NormalizeRows(float* x, int64_t rows, int64_t width, const float* weight, const float* bias,
                   double epsilon) {
  const auto normalize = NEWSGENRE_SELECT_KERNEL(NormalizeRow, width, NormalizeRow);
  for (int64_t row = 0; row < rows; ++row) {
    normalize(x + row * width, width, weight, bias, static_cast<float>(epsilon));
  }
}

}  // namespace newsgenre
