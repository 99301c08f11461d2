#include "common/model/row_quantizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(RowQuantizerTest, KeepsARowWithinHalfAStepOfItsValues) {
  at::manual_seed(3);
  for (const int64_t width : {1, 5, 31, 32, 33, 100, 768}) {
    const at::Tensor x = at::randn({9, width}) * 3;
    for (const int levels : {127, 255}) {
      const QuantizedRows rows = QuantizeRows(x, levels);
      const at::Tensor back =
          rows.values.to(at::kFloat) * rows.scales.unsqueeze(1) + rows.offsets.unsqueeze(1);
      EXPECT_LE(rows.values.max().item<int>(), levels);
      EXPECT_LT(((back - x).abs() / rows.scales.unsqueeze(1)).max().item<double>(), 0.501) << width;
    }
  }
}

TEST(RowQuantizerTest, ARowOfEqualValuesIsItsOffset) {
  const at::Tensor x = at::full({2, 40}, -2.5);
  const QuantizedRows rows = QuantizeRows(x, 127);
  EXPECT_EQ(rows.values.max().item<int>(), 0);
  EXPECT_EQ(rows.offsets[1].item<float>(), -2.5f);
}

}  // namespace
}  // namespace newsgenre
