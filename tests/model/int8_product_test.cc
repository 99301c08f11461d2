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
  problem.scales = 0.02 * (at::rand({out}) + 0.5);
  problem.columns = {at::randn({out}), at::randn({out})};
  problem.rows = {at::randint(0, Int8Product::kLevels + 1, {rows, in}, at::kByte),
                  0.02 * (at::rand({rows}) + 0.5), at::randn({rows})};
  problem.residual = at::randn({rows, out});
  return problem;
}

// In fp64, where all of it is exact to about 1e-16.
at::Tensor Expected(const Problem& p, After after) {
  at::Tensor y = at::mm(p.rows.values.to(at::kDouble), p.weight.to(at::kDouble).t());
  y = y * p.rows.scales.unsqueeze(1) * p.scales +
      p.rows.offsets.unsqueeze(1) * p.columns.sums.to(at::kDouble) + p.columns.bias;
  return after == After::kAddResidual ? y + p.residual : Activate(y, after);
}

at::Tensor ResultOf(const Problem& p, After after) {
  return Int8Product(p.weight, p.scales, p.columns, after).Run(p.rows, p.residual);
}

class Int8ProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Int8Product::Fits(16, 8)) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_F(Int8ProductTest, AgreesWithTheFormulaAtEverySizeOfTileBlockAndShare) {
  for (const int64_t rows : {1, 2, 3, 54, 255, 256, 257}) {
    for (const auto& [in, out] : {std::pair{16, 8}, {32, 48}, {768, 64}, {128, 768}, {3072, 32}, {784, 24}}) {
      const Problem p = RandomProblem(rows, in, out);
      for (const After after : {After::kNothing, After::kGelu, After::kGeluTanh, After::kAddResidual}) {
        const at::Tensor y = ResultOf(p, after), expected = Expected(p, after);
        EXPECT_TRUE(at::allclose(y.to(at::kDouble), expected, /*rtol=*/1e-5, /*atol=*/1e-4))
            << rows << " rows, " << in << " by " << out << ": largest difference "
            << (y - expected).abs().max().item<double>();
      }
    }
  }
}

// Weights that would overflow where four 16-bit sums were added up, in some panels only.
TEST_F(Int8ProductTest, DoesNotOverflowAtTheLimits) {
  constexpr int64_t kIn = 4096, kOut = 80;
  for (const int weight : {kWeightLimit, -kWeightLimit}) {
    Problem p = RandomProblem(3, kIn, kOut);
    p.rows.values.fill_(Int8Product::kLevels);
    p.weight.narrow(0, 32, 32).fill_(weight);
    p.weight.narrow(0, 70, 1).narrow(1, 1600, 8).fill_(weight);
    EXPECT_TRUE(at::allclose(ResultOf(p, After::kNothing).to(at::kDouble), Expected(p, After::kNothing),
                             /*rtol=*/1e-5, /*atol=*/1e-4));
  }
}

TEST_F(Int8ProductTest, ARowsResultDoesNotDependOnTheOthers) {
  const Problem p = RandomProblem(300, 768, 768);
  const at::Tensor together = ResultOf(p, After::kAddResidual);
  for (const int64_t row : {0, 1, 50, 255, 256, 299}) {
    Problem alone = p;
    alone.rows = {p.rows.values.narrow(0, row, 1), p.rows.scales.narrow(0, row, 1),
                  p.rows.offsets.narrow(0, row, 1)};
    alone.residual = p.residual.narrow(0, row, 1);
    EXPECT_TRUE(at::equal(ResultOf(alone, After::kAddResidual), together.narrow(0, row, 1)));
  }
}

TEST_F(Int8ProductTest, FitsWholeStepsOnly) {
  EXPECT_TRUE(Int8Product::Fits(768, 2304));
  EXPECT_FALSE(Int8Product::Fits(100, 768));
  EXPECT_FALSE(Int8Product::Fits(768, 100));
}

}  // namespace
}  // namespace newsgenre
