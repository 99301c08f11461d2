#include "common/simd/math.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/simd/instruction_set.h"
#include "gtest/gtest.h"

#if defined(__x86_64__)

namespace newsgenre {

enum class Function { kExp, kGelu, kGeluTanh };

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "tests/common/simd/math_values.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

constexpr double kRootHalf = 0.70710678118654752440;

class MathTest : public ::testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (!CpuSupports(GetParam())) GTEST_SKIP() << "this processor has no " << InstructionSetName(GetParam());
  }
  // The size of `x` is a multiple of 16.
  static std::vector<float> Values(Function function, const std::vector<float>& x) {
    return GetParam() == InstructionSet::kAvx2 ? avx2::Values(function, x) : avx512::Values(function, x);
  }
};

std::vector<float> Grid(float least, float most) {
  constexpr int kSteps = 1 << 16;
  std::vector<float> x(kSteps);
  for (int i = 0; i < kSteps; ++i) x[i] = least + (most - least) * static_cast<float>(i) / (kSteps - 1);
  return x;
}

TEST_P(MathTest, ExpIsExactUpToRounding) {
  const std::vector<float> x = Grid(-87.0f, 88.0f), y = Values(Function::kExp, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] / std::exp(double{x[i]}) - 1));
  EXPECT_LT(worst, 3e-7);
}

TEST_P(MathTest, ExpClampsItsArgument) {
  std::vector<float> x = {-1e30f, -88.0f, -87.0f, 0.0f, 88.0f, 89.0f, 1e30f, -0.0f};
  x.resize(16);
  const std::vector<float> y = Values(Function::kExp, x);
  EXPECT_EQ(y[0], y[2]);
  EXPECT_EQ(y[1], y[2]);
  EXPECT_FLOAT_EQ(y[3], 1.0f);
  EXPECT_EQ(y[5], y[4]);
  EXPECT_EQ(y[6], y[4]);
  EXPECT_FLOAT_EQ(y[7], 1.0f);
}

TEST_P(MathTest, GeluAndGeluTanhAreExactUpToRounding) {
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

TEST_P(MathTest, KeepsNan) {
  const std::vector<float> nan(16, std::nanf(""));
  EXPECT_TRUE(std::isnan(Values(Function::kExp, nan)[0]));
  EXPECT_TRUE(std::isnan(Values(Function::kGelu, nan)[0]));
  EXPECT_TRUE(std::isnan(Values(Function::kGeluTanh, nan)[0]));
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, MathTest,
                         testing::Values(InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& info) {
                           return info.param == InstructionSet::kAvx2 ? "Avx2" : "Avx512";
                         });

}  // namespace
}  // namespace newsgenre

#endif
