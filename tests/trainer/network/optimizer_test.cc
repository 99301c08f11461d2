#include "trainer/network/optimizer.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

// Uses the smallest network. Two weights of a matrix and one of a bias are set; all others are 0.
class OptimizerTest : public testing::Test {
 protected:
  OptimizerTest() {
    at::set_num_threads(1);
    parameters_.values().zero_();
    Set(parameters_.values(), {1, -2, 0.5});
  }

  void Set(const at::Tensor& flat, const std::vector<float>& three) const {
    const TensorMap views = parameters_.Views(flat);
    views.at("classifier.weight")[0].narrow(0, 0, 2).copy_(at::tensor({three[0], three[1]}));
    views.at("classifier.bias")[0].fill_(three[2]);
  }

  at::Tensor Gradients(const std::vector<float>& three) const {
    const at::Tensor flat = at::zeros_like(parameters_.values());
    Set(flat, three);
    return flat;
  }

  void ExpectValues(const std::vector<float>& three) const {
    EXPECT_LT(MaxDifference(parameters_.values(), Gradients(three)), 1e-6);
  }

  const FlatParameters parameters_{RandomModel(kNetworkCases[4]), c10::kCPU};
};

// Computed by hand from the formulas in optimizer.h: lr 0.1, decay 0.1 of the matrix only, clip_norm 1.
TEST_F(OptimizerTest, TwoStepsMatchHandComputedValues) {
  Optimizer optimizer(parameters_, {/*weight_decay=*/0.1, /*clip_norm=*/1});
  // The norm of all gradients is 5, so they become (0.6, 0) and 0.8; a first step of Adam is lr * sign(g).
  optimizer.Step(0.1, Gradients({3, 0, 4}), {});
  ExpectValues({0.89f, -1.98f, 0.4f});

  // The norm is 0.5: not clipped. For the first weight: m = 0.9 * 0.06 + 0.1 * 0.3 = 0.084, v = 0.999 *
  // 0.00036 + 0.001 * 0.09 = 0.00044964, so 0.89 * (1 - 0.01) - 0.1 * (0.084 / 0.19) / sqrt(v / 0.001999) =
  // 0.7878820; and similarly for the others.
  optimizer.Step(0.1, Gradients({0.3f, 0.4f, 0}), {});
  ExpectValues({0.7878820f, -2.0346137f, 0.3329942f});
}

// The second step's mean depends on the size of the first step's gradients.
TEST_F(OptimizerTest, ClipNormZeroDisablesClipping) {
  Optimizer optimizer(parameters_, {/*weight_decay=*/0.1, /*clip_norm=*/0});
  optimizer.Step(0.1, Gradients({3, 0, 4}), {});
  ExpectValues({0.89f, -1.98f, 0.4f});
  EXPECT_NEAR(parameters_.Views(optimizer.means()).at("classifier.bias")[0].item<float>(), 0.4, 1e-6);
  EXPECT_NEAR(parameters_.Views(optimizer.squares()).at("classifier.bias")[0].item<float>(), 0.016, 1e-7);

  // For the first weight: m = 0.9 * 0.3 + 0.1 * 0.3 = 0.3, v = 0.999 * 0.009 + 0.001 * 0.09 = 0.009081.
  optimizer.Step(0.1, Gradients({0.3f, 0.4f, 0}), {});
  ExpectValues({0.8070189f, -2.0346137f, 0.3329942f});
}

TEST_F(OptimizerTest, ZeroGradientsDecayOnlyMatrices) {
  parameters_.values().fill_(1);
  Optimizer optimizer(parameters_, {/*weight_decay=*/0.5});
  optimizer.Step(0.1, at::zeros_like(parameters_.values()), {});
  for (const auto& [name, view] : parameters_.Views(parameters_.values())) {
    EXPECT_NEAR(view.min().item<float>(), view.dim() > 1 ? 0.95 : 1, 1e-6) << name;
    EXPECT_NEAR(view.max().item<float>(), view.dim() > 1 ? 0.95 : 1, 1e-6) << name;
  }
}

TEST_F(OptimizerTest, RestoredMomentsAndStepsContinueBitForBit) {
  const FlatParameters other(RandomModel(kNetworkCases[4]), c10::kCPU);
  Optimizer optimizer(parameters_, {});
  at::manual_seed(1);
  for (int step = 0; step < 3; ++step) optimizer.Step(0.01, at::randn_like(parameters_.values()), {});
  other.values().copy_(parameters_.values());
  Optimizer restored(other, {});
  restored.means().copy_(optimizer.means());
  restored.squares().copy_(optimizer.squares());
  restored.set_steps(3);
  for (int step = 0; step < 2; ++step) {
    const at::Tensor gradients = at::randn_like(parameters_.values());
    optimizer.Step(0.01, gradients.clone(), {});
    restored.Step(0.01, gradients, {});
    EXPECT_TRUE(at::equal(other.values(), parameters_.values()));
    EXPECT_TRUE(at::equal(restored.squares(), optimizer.squares()));
  }
}

// A step of all rows equals a step of the rows with gradients, as long as the other rows never had any. The
// second step shows that it changes only its own rows.
TEST_F(OptimizerTest, UpdatesOnlyTheGivenWordRows) {
  const at::Tensor rows = at::tensor({3, 7, 8}, at::kLong), more_rows = at::tensor({1, 7}, at::kLong);
  const FlatParameters other(RandomModel(kNetworkCases[4]), c10::kCPU);
  other.values().copy_(parameters_.values());
  for (const double clip_norm : {0.0, 1.0}) {
    const AdamWConfig config = {/*weight_decay=*/0, clip_norm};
    Optimizer all(parameters_, config), some(other, config);
    at::manual_seed(1);
    at::Tensor gradients = at::randn_like(parameters_.values());
    parameters_.WordEmbeddings(gradients).mul_(at::zeros({100, 1}).index_fill_(0, rows, 1));
    all.Step(0.1, gradients.clone(), {});
    some.Step(0.1, gradients, rows);
    EXPECT_LT(MaxDifference(other.values(), parameters_.values()), 1e-6);
    EXPECT_LT(MaxDifference(some.means(), all.means()), 1e-6);
    EXPECT_LT(MaxDifference(some.squares(), all.squares()), 1e-6);

    const at::Tensor before = other.WordEmbeddings(other.values()).clone();
    const at::Tensor means = other.WordEmbeddings(some.means()).clone();
    gradients = at::randn_like(parameters_.values());
    some.Step(0.1, gradients, more_rows);
    const auto changed = [](const at::Tensor& now, const at::Tensor& then) {
      return now.ne(then).any(1).nonzero().flatten();
    };
    EXPECT_TRUE(at::equal(changed(other.WordEmbeddings(other.values()), before), more_rows));
    EXPECT_TRUE(at::equal(changed(other.WordEmbeddings(some.means()), means), more_rows));
    other.values().copy_(parameters_.values());
  }
}

TEST_F(OptimizerTest, NonFiniteGradientMakesWeightsNonFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Optimizer optimizer(parameters_, {});
    Set(parameters_.values(), {1, -2, 0.5});
    optimizer.Step(0.1, Gradients({bad, 0, 0}), {});
    EXPECT_FALSE(parameters_.values().isfinite().all().item<bool>()) << bad;
  }
}

}  // namespace
}  // namespace newsgenre
