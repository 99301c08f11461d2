#include "common/model/int8_product.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

constexpr int kWeightLimit = Int8Product::kWeightLimit;

struct Problem {
  at::Tensor weight;  // int8
  at::Tensor scales;
  ColumnTerms columns;
  QuantizedRows rows;
  at::Tensor residual;
};

Problem RandomProblem(int64_t rows, int64_t in, int64_t out) {
  at::manual_seed(rows * 7919 + in * 31 + out);
  Problem problem;
  problem.weight = at::randint(-kWeightLimit, kWeightLimit + 1, {out, in}, at::kChar);
  problem.scales = at::rand({out}) + 0.5;
  problem.columns = {at::randn({out}), at::randn({out})};
  problem.rows = {at::randint(0, Int8Product::kLevels + 1, {rows, in}, at::kByte), at::rand({rows}) + 0.5,
                  at::randn({rows})};
  problem.residual = at::randn({rows, out});
  return problem;
}

// In fp64, where all of it is exact to about 1e-16.
at::Tensor Expected(const Problem& p, bool with_residual) {
  at::Tensor y = at::mm(p.rows.values.to(at::kDouble), p.weight.to(at::kDouble).t());
  y = y * p.rows.scales.unsqueeze(1) * p.scales +
      p.rows.offsets.unsqueeze(1) * p.columns.sums.to(at::kDouble) + p.columns.bias;
  return with_residual ? y + p.residual : y;
}

class Int8ProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Int8Product::Fits(8, 16)) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_F(Int8ProductTest, AgreesWithTheFormulaAtEverySizeOfTileBlockAndShare) {
  for (const int64_t rows : {1, 2, 3, 4, 5, 54, 95, 96, 97, 200}) {
    for (const auto& [in, out] : {std::pair{8, 16}, {16, 48}, {768, 64}, {128, 768}, {3072, 32}}) {
      const Problem p = RandomProblem(rows, in, out);
      const Int8Product product(p.weight, p.scales, p.columns);
      for (const bool with_residual : {false, true}) {
        const at::Tensor y = product.Run(p.rows, with_residual ? p.residual : at::Tensor());
        const at::Tensor expected = Expected(p, with_residual);
        EXPECT_TRUE(at::allclose(y.to(at::kDouble), expected, /*rtol=*/1e-5, /*atol=*/1e-2))
            << rows << " rows, " << in << " by " << out << ": largest difference "
            << (y - expected).abs().max().item<double>();
      }
    }
  }
}

TEST_F(Int8ProductTest, DoesNotOverflowAtTheLimits) {
  constexpr int64_t kIn = 4096, kOut = 16;
  const at::Tensor zeros = at::zeros({kOut});
  const QuantizedRows rows{at::full({3, kIn}, Int8Product::kLevels, at::kByte), at::ones({3}),
                           at::zeros({3})};
  for (const int weight : {kWeightLimit, -kWeightLimit}) {
    const Int8Product product(at::full({kOut, kIn}, weight, at::kChar), at::ones({kOut}), {zeros, zeros});
    const float expected = static_cast<float>(kIn) * Int8Product::kLevels * weight;
    EXPECT_TRUE(at::equal(product.Run(rows, {}), at::full({3, kOut}, expected)));
  }
}

TEST_F(Int8ProductTest, ARowsResultDoesNotDependOnTheOthers) {
  const Problem p = RandomProblem(100, 768, 768);
  const Int8Product product(p.weight, p.scales, p.columns);
  const at::Tensor together = product.Run(p.rows, p.residual);
  for (const int64_t row : {0, 1, 50, 95, 96, 99}) {
    const QuantizedRows alone{p.rows.values.narrow(0, row, 1), p.rows.scales.narrow(0, row, 1),
                              p.rows.offsets.narrow(0, row, 1)};
    EXPECT_TRUE(at::equal(product.Run(alone, p.residual.narrow(0, row, 1)), together.narrow(0, row, 1)));
  }
}

TEST_F(Int8ProductTest, FitsWholeStepsAndPanelsOnly) {
  EXPECT_TRUE(Int8Product::Fits(768, 2304));
  EXPECT_FALSE(Int8Product::Fits(100, 768));
  EXPECT_FALSE(Int8Product::Fits(768, 100));
}

}  // namespace
}  // namespace newsgenre
