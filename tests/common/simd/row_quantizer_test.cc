#include "common/simd/row_quantizer.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(RowQuantizerTest, RoundsToWithinHalfAStep) {
  constexpr int64_t kRows = 9;
  std::mt19937 generator(3);
  std::normal_distribution<float> normal(0, 3);
  for (const int64_t width : {1, 5, 31, 32, 33, 100, 768}) {
    std::vector<float> x(kRows * width);
    std::generate(x.begin(), x.end(), [&] { return normal(generator); });
    for (const int levels : {127, 255}) {
      const QuantizedRows rows = QuantizeRows(x.data(), kRows, width, levels);
      for (int64_t i = 0; i < kRows * width; ++i) {
        ASSERT_LE(rows.values[i], levels);
        const float scale = rows.scales[i / width];
        const float restored = static_cast<float>(rows.values[i]) * scale + rows.offsets[i / width];
        ASSERT_LT(std::abs(restored - x[i]) / scale, 0.501) << width;
      }
    }
  }
}

TEST(RowQuantizerTest, QuantizesEqualValuesToTheOffset) {
  const std::vector<float> x(2 * 40, -2.5f);
  const QuantizedRows rows = QuantizeRows(x.data(), 2, 40, 127);
  EXPECT_EQ(*std::max_element(rows.values, rows.values + x.size()), 0);
  EXPECT_EQ(rows.offsets[1], -2.5f);
}

TEST(RowQuantizerTest, TreatsValuesWithATinyRangeAsEqual) {
  const std::vector<float> x = {0, 1e-40f, 2e-40f};
  const QuantizedRows rows = QuantizeRows(x.data(), 1, 3, 255);
  EXPECT_EQ(*std::max_element(rows.values, rows.values + x.size()), 0);
  EXPECT_EQ(rows.scales[0], 1);
}

}  // namespace
}  // namespace newsgenre
