#include "common/model/fp32_product.h"

#include <ATen/ATen.h>

#include <utility>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

class Fp32ProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Fp32Product::Fits(16)) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_F(Fp32ProductTest, AgreesWithTheFormulaAtEverySizeOfTileBlockAndShare) {
  for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 54, 95, 96, 97, 200}) {
    for (const auto& [in, out] :
         {std::pair<int64_t, int64_t>{1, 16}, {17, 48}, {767, 32}, {769, 32}, {128, 768}, {3072, 32}}) {
      at::manual_seed(rows * 7919 + in * 31 + out);
      const at::Tensor x = at::randn({rows, in}), weight = at::randn({out, in}), bias = at::randn({out});
      const at::Tensor residual = at::randn({rows, out});
      const at::Tensor expected =
          at::mm(x.to(at::kDouble), weight.to(at::kDouble).t()) + bias.to(at::kDouble);
      for (const After after : {After::kNothing, After::kGelu, After::kGeluTanh, After::kAddResidual}) {
        const at::Tensor y = Fp32Product(weight, bias, after).Run(x, residual);
        EXPECT_TRUE(at::allclose(
            y.to(at::kDouble), after == After::kAddResidual ? expected + residual : Activate(expected, after),
            /*rtol=*/1e-5, /*atol=*/1e-3))
            << rows << " rows, " << in << " by " << out;
      }
    }
  }
}

TEST_F(Fp32ProductTest, ARowsResultDoesNotDependOnTheOthers) {
  at::manual_seed(5);
  const at::Tensor x = at::randn({100, 768}), residual = at::randn({100, 768});
  const Fp32Product product(at::randn({768, 768}), at::randn({768}), After::kAddResidual);
  const at::Tensor together = product.Run(x, residual);
  for (const int64_t row : {0, 1, 50, 95, 96, 99}) {
    EXPECT_TRUE(
        at::equal(product.Run(x.narrow(0, row, 1), residual.narrow(0, row, 1)), together.narrow(0, row, 1)));
  }
}

TEST_F(Fp32ProductTest, FitsWholePanelsOnly) {
  EXPECT_TRUE(Fp32Product::Fits(2304));
  EXPECT_FALSE(Fp32Product::Fits(100));
}

}  // namespace
}  // namespace newsgenre
