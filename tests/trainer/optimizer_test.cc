#include "trainer/optimizer.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

class OptimizerTest : public testing::Test {
 protected:
  OptimizerTest() {
    for (auto& [name, parameter] : parameters_) parameter.requires_grad_(true);
  }

  void SetGradients(const at::Tensor& weight, const at::Tensor& bias) {
    parameters_["weight"].mutable_grad() = weight;
    parameters_["bias"].mutable_grad() = bias;
  }

  std::vector<float> Values() const {
    std::vector<float> values;
    for (const char* name : {"weight", "bias"}) {
      const at::Tensor tensor = parameters_.at(name).detach();
      values.insert(values.end(), tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel());
    }
    return values;
  }

  void ExpectValues(const std::vector<float>& expected) {
    const std::vector<float> values = Values();
    ASSERT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6) << i;
  }

  TensorMap parameters_ = {{"weight", at::tensor({1.0f, -2.0f}).view({1, 2})}, {"bias", at::tensor({0.5f})}};
};

// Worked out by hand from the formulas in optimizer.h: lr 0.1, decay 0.1 on the weight alone, clip_norm 1.
TEST_F(OptimizerTest, TwoStepsByHand) {
  OptimizerConfig config;
  config.weight_decay = 0.1;
  config.clip_norm = 1;
  Optimizer optimizer(parameters_, config);

  // The norm of all gradients is 5, so they become (0.6, 0) and 0.8; a first step of Adam is lr * sign(g).
  SetGradients(at::tensor({3.0f, 0.0f}).view({1, 2}), at::tensor({4.0f}));
  optimizer.Step(0.1);
  ExpectValues({0.89f, -1.98f, 0.4f});

  // The norm is 0.5: not clipped. For the first weight: m = 0.9 * 0.06 + 0.1 * 0.3 = 0.084, v = 0.999 *
  // 0.00036 + 0.001 * 0.09 = 0.00044964, so 0.89 * (1 - 0.01) - 0.1 * (0.084 / 0.19) / sqrt(v / 0.001999) =
  // 0.7878820; the others alike.
  SetGradients(at::tensor({0.3f, 0.4f}).view({1, 2}), at::tensor({0.0f}));
  optimizer.Step(0.1);
  ExpectValues({0.7878820f, -2.0346137f, 0.3329942f});
}

TEST_F(OptimizerTest, WithoutGradientsOnlyTheWeightDecays) {
  OptimizerConfig config;
  config.weight_decay = 0.5;
  Optimizer optimizer(parameters_, config);
  SetGradients(at::tensor({0.0f, 0.0f}).view({1, 2}), at::tensor({0.0f}));
  optimizer.Step(0.1);
  ExpectValues({0.95f, -1.9f, 0.5f});
}

TEST_F(OptimizerTest, AStepDropsTheGradients) {
  Optimizer optimizer(parameters_, {});
  SetGradients(at::tensor({1.0f, 1.0f}).view({1, 2}), at::tensor({1.0f}));
  optimizer.Step(0.1);
  EXPECT_FALSE(parameters_["weight"].grad().defined());
  EXPECT_FALSE(parameters_["bias"].grad().defined());
}

}  // namespace
}  // namespace newsgenre
