#include "common/model/avx2_math.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

#if defined(__x86_64__)

constexpr double kRootHalf = 0.70710678118654752440;

class Avx2MathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasAvx2()) GTEST_SKIP() << "this processor has no AVX2";
  }
};

// A multiple of eight values from `least` to `most`.
std::vector<float> Grid(float least, float most) {
  constexpr int kSteps = 1 << 16;
  std::vector<float> x(kSteps);
  for (int i = 0; i < kSteps; ++i) x[i] = least + (most - least) * static_cast<float>(i) / (kSteps - 1);
  return x;
}

enum class Function { kExp, kGelu, kGeluTanh };

NEWSGENRE_AVX2 std::vector<float> Values(Function function, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  for (size_t i = 0; i < x.size(); i += 8) {
    const __m256 in = _mm256_loadu_ps(&x[i]);
    const __m256 out = function == Function::kExp    ? avx2::Exp(in)
                       : function == Function::kGelu ? avx2::Gelu(in)
                                                     : avx2::GeluTanh(in);
    _mm256_storeu_ps(&y[i], out);
  }
  return y;
}

TEST_F(Avx2MathTest, ExpIsExactToFp32sRounding) {
  const std::vector<float> x = Grid(-87.0f, 88.0f), y = Values(Function::kExp, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] / std::exp(double{x[i]}) - 1));
  EXPECT_LT(worst, 3e-7);
}

TEST_F(Avx2MathTest, ExpEndsWhereFp32Does) {
  const std::vector<float> y =
      Values(Function::kExp, {-1e30f, -88.0f, -87.0f, 0.0f, 88.0f, 89.0f, 1e30f, -0.0f});
  EXPECT_EQ(y[0], y[2]);
  EXPECT_EQ(y[1], y[2]);
  EXPECT_FLOAT_EQ(y[3], 1.0f);
  EXPECT_EQ(y[5], y[4]);
  EXPECT_EQ(y[6], y[4]);
  EXPECT_FLOAT_EQ(y[7], 1.0f);
}

TEST_F(Avx2MathTest, GelusAreExactToFp32sRounding) {
  for (const float bound : {6.0f, 100.0f}) {
    const std::vector<float> x = Grid(-bound, bound);
    const std::vector<float> erf = Values(Function::kGelu, x), tanh = Values(Function::kGeluTanh, x);
    for (size_t i = 0; i < x.size(); ++i) {
      const double v = x[i], t = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
      ASSERT_NEAR(erf[i], v * 0.5 * (1 + std::erf(v * kRootHalf)), 3e-7 * std::max(1.0, std::abs(v))) << v;
      ASSERT_NEAR(tanh[i], v * 0.5 * (1 + std::tanh(t)), 3e-7 * std::max(1.0, std::abs(v))) << v;
    }
  }
}

TEST_F(Avx2MathTest, NanStaysNan) {
  const std::vector<float> nan(8, std::nanf(""));
  EXPECT_TRUE(std::isnan(Values(Function::kGelu, nan)[0]));
  EXPECT_TRUE(std::isnan(Values(Function::kGeluTanh, nan)[0]));
}

#endif

}  // namespace
}  // namespace newsgenre
