#include "common/kernels/tile_product.h"

#include <ATen/ATen.h>

#include <string>
#include <tuple>
#include <utility>

#include "common/kernels/quantized_weight.h"
#include "common/kernels/torch_linear.h"
#include "common/simd/row_quantizer.h"
#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

constexpr Epilogue kEpilogues[] = {Epilogue::kNothing, Epilogue::kGelu, Epilogue::kGeluTanh,
                                   Epilogue::kAddResidual};

class TileProductTest : public ::testing::TestWithParam<std::tuple<InstructionSet, Precision>> {
 protected:
  void SetUp() override {
    if (!Fits(64, 64))
      GTEST_SKIP() << "this processor has no " << InstructionSetName(instruction_set())
                   << " for this precision";
  }
  static InstructionSet instruction_set() { return std::get<0>(GetParam()); }
  static Precision precision() { return std::get<1>(GetParam()); }
  static bool Fits(int64_t in, int64_t out) {
    return TileProduct::Fits(instruction_set(), precision(), in, out);
  }

  static at::Tensor Apply(const TileProduct& product, const at::Tensor& x, const at::Tensor& residual) {
    const at::Tensor y = at::empty_like(residual);
    product.Run(x.const_data_ptr<float>(), x.size(0), residual.const_data_ptr<float>(),
                y.mutable_data_ptr<float>());
    return y;
  }

  // Rounds rows and weights to the precision and multiplies them in fp64, where rounding errors are about
  // 1e-16.
  static at::Tensor Expected(const at::Tensor& x, const Affine& map) {
    at::Tensor rows = x, weight = map.weight;
    if (precision() == Precision::kBf16) {
      rows = rows.to(at::kBFloat16);
      weight = weight.to(at::kBFloat16);
    }
    if (precision() == Precision::kInt8) {
      const QuantizedWeight quantized(map);
      weight = quantized.values * quantized.scales.unsqueeze(1);
      const int64_t count = x.size(0), width = x.size(1);
      const QuantizedRows q =
          QuantizeRows(x.const_data_ptr<float>(), count, width, QuantizedWeight::RowLevels());
      const auto column = [&](const float* values) {
        return at::from_blob(const_cast<float*>(values), {count, 1}, at::kFloat).clone();
      };
      rows = at::from_blob(const_cast<uint8_t*>(q.values), {count, width}, at::kByte) * column(q.scales) +
             column(q.offsets);
    }
    return at::mm(rows.to(at::kDouble), weight.to(at::kDouble).t()) + map.bias.to(at::kDouble);
  }
};

TEST_P(TileProductTest, AgreesWithTheFormulaForAllSizes) {
  for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 13, 54, 97}) {
    for (const auto& [in, out] :
         {std::pair<int64_t, int64_t>{1, 16}, {18, 48}, {20, 80}, {767, 32}, {128, 768}, {3080, 112}}) {
      if (!Fits(in, out)) continue;
      at::manual_seed(rows * 7919 + in * 31 + out);
      const at::Tensor x = at::randn({rows, in}), residual = at::randn({rows, out});
      const Affine map{at::randn({out, in}), at::randn({out})};
      const at::Tensor expected = Expected(x, map);
      for (const Epilogue epilogue : kEpilogues) {
        const at::Tensor y = Apply(TileProduct(instruction_set(), precision(), map, epilogue), x, residual);
        EXPECT_TRUE(at::allclose(y.to(at::kDouble), ApplyEpilogue(expected, epilogue, residual),
                                 /*rtol=*/1e-5, /*atol=*/1e-3))
            << rows << " rows, " << in << " by " << out << ": largest difference "
            << MaxDifference(y, ApplyEpilogue(expected, epilogue, residual));
      }
    }
  }
}

TEST_P(TileProductTest, ARowDoesNotDependOnTheOtherRows) {
  at::manual_seed(5);
  const at::Tensor x = at::randn({100, 768}), residual = at::randn({100, 768});
  const TileProduct product(instruction_set(), precision(), {at::randn({768, 768}), at::randn({768})},
                            Epilogue::kAddResidual);
  const at::Tensor together = Apply(product, x, residual);
  for (const int64_t row : {0, 1, 50, 95, 96, 99}) {
    EXPECT_TRUE(at::equal(Apply(product, x.narrow(0, row, 1), residual.narrow(0, row, 1)),
                          together.narrow(0, row, 1)));
  }
}

TEST_P(TileProductTest, FitsOnlyWholeWordsAndVectors) {
  EXPECT_TRUE(Fits(768, 2304));
  EXPECT_FALSE(Fits(768, 100));
  EXPECT_EQ(Fits(767, 768), precision() == Precision::kFp32);
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSetAndPrecision, TileProductTest,
                         testing::Combine(testing::Values(InstructionSet::kAvx2, InstructionSet::kAvx512),
                                          testing::ValuesIn(kCpuPrecisions)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) == InstructionSet::kAvx2 ? "Avx2"
                                                                                               : "Avx512") +
                                  "_" + std::string(PrecisionName(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace newsgenre
