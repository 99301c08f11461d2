#include "common/simd/row_norm.h"

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/randn.h>

#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

TEST(RowNormTest, AgreesWithTorch) {
  at::manual_seed(8);
  for (const int64_t width : {1, 7, 31, 32, 33, 128, 768}) {
    for (const double offset : {0.0, 50.0}) {
      const at::Tensor x = 3 * at::randn({5, width}) + offset;
      const at::Tensor weight = at::randn({width}), bias = at::randn({width});
      const at::Tensor expected =
          at::layer_norm(x.to(at::kDouble), {width}, weight.to(at::kDouble), bias.to(at::kDouble), 1e-12);
      const at::Tensor y = x.clone();
      NormalizeRows(y.mutable_data_ptr<float>(), 5, width, weight.const_data_ptr<float>(),
                    bias.const_data_ptr<float>(), 1e-12);
      EXPECT_LT(MaxDifference(y, expected), width == 1 ? 1e-2 : 1e-4) << width;
    }
  }
}

}  // namespace
}  // namespace newsgenre
