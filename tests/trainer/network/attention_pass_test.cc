#include "trainer/network/attention_pass.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>

#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

// Selects torch's operators, but is so small that nothing is dropped.
constexpr double kNegligibleDropout = 1e-12;

class AttentionPassTest : public testing::TestWithParam<at::ScalarType> {
 protected:
  static constexpr int64_t kHeads = 3, kHidden = 60;

  AttentionPassTest() { at::manual_seed(2); }
  at::Tensor Random(int64_t rows, int64_t columns) const { return at::randn({rows, columns}).to(GetParam()); }

  const at::NoGradGuard no_grad_;
  const PackedBatch batch_ = Pack(RandomTexts({40, 7, 1, 33}));
};

INSTANTIATE_TEST_SUITE_P(Types, AttentionPassTest, testing::Values(at::kFloat, at::kBFloat16));

TEST_P(AttentionPassTest, OwnKernelAndTorchAgree) {
  const BatchAttention own(batch_, kHeads, 0.0), torch(batch_, kHeads, kNegligibleDropout);
  const int64_t rows = batch_.rows();
  for (const std::vector<at::Tensor>& projections :
       {std::vector<at::Tensor>{Random(rows, 3 * kHidden)},
        {Random(rows, kHidden), Random(batch_.texts(), kHidden), Random(rows, kHidden)}}) {
    AttentionPass own_pass, torch_pass;
    const at::Tensor context = own_pass.Forward(own, projections, /*training=*/true);
    const double bound = GetParam() == at::kFloat ? 1e-5 : 0.02;
    EXPECT_EQ(context.scalar_type(), GetParam());
    EXPECT_FALSE(context.requires_grad());
    EXPECT_LT(MaxDifference(context, torch_pass.Forward(torch, projections, /*training=*/true)), bound);

    const at::Tensor dcontext = Random(context.size(0), kHidden);
    const auto gradients = own_pass.Backward(own, dcontext), expected = torch_pass.Backward(torch, dcontext);
    ASSERT_EQ(gradients.size(), projections.size());
    ASSERT_EQ(expected.size(), projections.size());
    for (size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_EQ(gradients[i].sizes(), projections[i].sizes());
      EXPECT_EQ(gradients[i].scalar_type(), GetParam());
      EXPECT_LT(MaxDifference(gradients[i], expected[i]), bound);
    }
  }
}

TEST_P(AttentionPassTest, ReturnsTheSameContextWithoutTraining) {
  const at::Tensor projections = Random(batch_.rows(), 3 * kHidden);
  for (const double dropout : {0.0, kNegligibleDropout}) {
    const BatchAttention attention(batch_, kHeads, dropout);
    AttentionPass evaluation, training;
    const at::Tensor context = evaluation.Forward(attention, {projections}, /*training=*/false);
    EXPECT_FALSE(context.requires_grad());
    EXPECT_EQ(MaxDifference(context, training.Forward(attention, {projections}, /*training=*/true)), 0);
  }
}

}  // namespace
}  // namespace newsgenre
