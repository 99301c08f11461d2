#include "common/kernels/dropout.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

class DropoutMaskTest : public testing::TestWithParam<at::ScalarType> {
 protected:
  at::Tensor Mask(double rate, int64_t count = 300000) {
    return DropoutMask(at::empty({count}, GetParam()), rate);
  }
};

INSTANTIATE_TEST_SUITE_P(All, DropoutMaskTest, testing::Values(at::kFloat, at::kBFloat16));

TEST_P(DropoutMaskTest, ZeroesTheGivenShareAndScalesTheRest) {
  for (const double rate : {0.0, 0.1, 0.5, 0.97}) {
    const at::Tensor mask = Mask(rate).to(at::kDouble);
    const at::Tensor kept = mask.ne(0);
    EXPECT_NEAR(1 - kept.to(at::kDouble).mean().item<double>(), rate, 0.004) << rate;
    EXPECT_NEAR(mask.max().item<double>(), 1 / (1 - rate), 0.005 / (1 - rate));
    EXPECT_EQ(mask.masked_select(kept).std().item<double>(), 0);
  }
}

TEST_P(DropoutMaskTest, ValuesAreIndependent) {
  const at::Tensor kept = Mask(0.5).ne(0).to(at::kDouble) - 0.5;
  const int64_t count = kept.size(0);
  for (const int64_t lag : {1, 2, 8, 64, 256, 768, 4096}) {
    const at::Tensor products = kept.narrow(0, 0, count - lag) * kept.narrow(0, lag, count - lag);
    EXPECT_NEAR(products.mean().item<double>(), 0, 0.002) << lag;  // four standard deviations
  }
  // Successive masks are independent, too.
  EXPECT_NEAR((kept * (Mask(0.5).ne(0).to(at::kDouble) - 0.5)).mean().item<double>(), 0, 0.002);
}

TEST_P(DropoutMaskTest, DependsOnTheGeneratorButNotOnThreads) {
  const int threads = at::get_num_threads();
  at::manual_seed(7);
  const at::Tensor one = Mask(0.3), other = Mask(0.3);
  at::manual_seed(7);
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(Mask(0.3), one));
  at::set_num_threads(3);
  EXPECT_TRUE(at::equal(Mask(0.3), other));
  at::set_num_threads(threads);
  EXPECT_FALSE(at::equal(one, other));
}

}  // namespace
}  // namespace newsgenre
