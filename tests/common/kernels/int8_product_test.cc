#include "common/kernels/int8_product.h"

#include <ATen/ATen.h>

#include "common/kernels/torch_linear.h"
#include "common/simd/row_quantizer.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

constexpr int kWeightLimit = Int8Product::kWeightLimit;

struct Problem {
  QuantizedWeight weight;
  at::Tensor x;
  at::Tensor residual;
};

Problem RandomProblem(int64_t rows, int64_t in, int64_t out) {
  at::manual_seed(rows * 7919 + in * 31 + out);
  return {QuantizedWeight({at::randn({out, in}), at::randn({out})}, kWeightLimit), at::randn({rows, in}),
          at::randn({rows, out})};
}

// Computes the formula for the quantized rows and weights in fp64, where rounding errors are about 1e-16.
at::Tensor Expected(const Problem& p, Epilogue epilogue) {
  const int64_t count = p.x.size(0), width = p.x.size(1);
  const QuantizedRows rows = QuantizeRows(p.x.const_data_ptr<float>(), count, width, Int8Product::kLevels);
  const auto view = [&](const float* values) {
    return at::from_blob(const_cast<float*>(values), {count, 1}, at::kFloat).to(at::kDouble);
  };
  const at::Tensor values = at::from_blob(const_cast<uint8_t*>(rows.values), {count, width}, at::kByte);
  const at::Tensor y = at::mm(values.to(at::kDouble), p.weight.values.to(at::kDouble).t()) *
                           view(rows.scales) * p.weight.scales +
                       view(rows.offsets) * p.weight.sums.to(at::kDouble) + p.weight.bias;
  return ApplyEpilogue(y, epilogue, p.residual);
}

at::Tensor Multiply(const Problem& p, Epilogue epilogue) {
  const at::Tensor y = at::empty_like(p.residual);
  Int8Product(p.weight, epilogue)
      .Run(p.x.const_data_ptr<float>(), p.x.size(0), p.residual.const_data_ptr<float>(),
           y.mutable_data_ptr<float>());
  return y;
}

class Int8ProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Int8Product::Fits(16, 8)) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_F(Int8ProductTest, AgreesWithTheFormulaForAllSizes) {
  for (const int64_t rows : {1, 2, 3, 54, 255, 256, 257}) {
    for (const auto& [in, out] : {std::pair{16, 8}, {32, 48}, {768, 64}, {128, 768}, {3072, 32}, {784, 24}}) {
      const Problem p = RandomProblem(rows, in, out);
      for (const Epilogue epilogue :
           {Epilogue::kNothing, Epilogue::kGelu, Epilogue::kGeluTanh, Epilogue::kAddResidual}) {
        const at::Tensor y = Multiply(p, epilogue), expected = Expected(p, epilogue);
        EXPECT_TRUE(at::allclose(y.to(at::kDouble), expected, /*rtol=*/1e-5, /*atol=*/1e-4))
            << rows << " rows, " << in << " by " << out << ": largest difference "
            << (y - expected).abs().max().item<double>();
      }
    }
  }
}

// Some panels have weights with which the addition of four 16-bit sums would overflow.
TEST_F(Int8ProductTest, DoesNotOverflowAtTheLimits) {
  constexpr int64_t kIn = 4096, kOut = 80;
  for (const int weight : {kWeightLimit, -kWeightLimit}) {
    Problem p = RandomProblem(3, kIn, kOut);
    // The first value of a row is the smallest; all others are the largest.
    p.x.fill_(1);
    p.x.select(1, 0).fill_(0);
    p.weight.values.narrow(0, 32, 32).fill_(weight);
    p.weight.values.narrow(0, 70, 1).narrow(1, 1600, 8).fill_(weight);
    EXPECT_TRUE(at::allclose(Multiply(p, Epilogue::kNothing).to(at::kDouble), Expected(p, Epilogue::kNothing),
                             /*rtol=*/1e-5, /*atol=*/1e-4));
  }
}

TEST_F(Int8ProductTest, ARowDoesNotDependOnTheOtherRows) {
  const Problem p = RandomProblem(300, 768, 768);
  const at::Tensor together = Multiply(p, Epilogue::kAddResidual);
  for (const int64_t row : {0, 1, 50, 255, 256, 299}) {
    const Problem alone{p.weight, p.x.narrow(0, row, 1), p.residual.narrow(0, row, 1)};
    EXPECT_TRUE(at::equal(Multiply(alone, Epilogue::kAddResidual), together.narrow(0, row, 1)));
  }
}

TEST_F(Int8ProductTest, FitsOnlyMultiplesOfItsSteps) {
  EXPECT_TRUE(Int8Product::Fits(768, 2304));
  EXPECT_FALSE(Int8Product::Fits(100, 768));
  EXPECT_FALSE(Int8Product::Fits(768, 100));
}

}  // namespace
}  // namespace newsgenre
