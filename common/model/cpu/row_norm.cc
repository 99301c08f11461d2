#include "common/model/cpu/row_norm.h"

#include <algorithm>
#include <cmath>

#include "common/model/cpu/vectorized.h"

namespace newsgenre {
namespace {

// Sums go up in so many places side by side, so that the compiler may use vector registers.
constexpr int64_t kLanes = 32;

NEWSGENRE_VECTORIZED void NormalizeRow(float* x, int64_t width, const float* weight, const float* bias,
                                       float epsilon) {
  const int64_t whole = width - width % kLanes;
  float sums[kLanes] = {};
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i + lane];
  }
  for (int64_t i = whole; i < width; ++i) sums[i - whole] += x[i];
  float sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  const float mean = sum / static_cast<float>(width);

  float squares[kLanes] = {};
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      squares[lane] += (x[i + lane] - mean) * (x[i + lane] - mean);
    }
  }
  for (int64_t i = whole; i < width; ++i) squares[i - whole] += (x[i] - mean) * (x[i] - mean);
  float square = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) square += squares[lane];

  const float scale = 1.0f / std::sqrt(square / static_cast<float>(width) + epsilon);
  for (int64_t i = 0; i < width; ++i) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

}  // namespace

void NormalizeRows(float* x, int64_t rows, int64_t width, const float* weight, const float* bias,
                   double epsilon) {
  for (int64_t row = 0; row < rows; ++row) {
    NormalizeRow(x + row * width, width, weight, bias, static_cast<float>(epsilon));
  }
}

}  // namespace newsgenre
