#include "common/inference/tensor_network.h"

#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include "gtest/gtest.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

class TensorNetworkTest : public testing::TestWithParam<NetworkCase> {
 protected:
  const c10::InferenceMode inference_;
  const Albert model_ = RandomModel(GetParam());
};

TEST_P(TensorNetworkTest, StaysCloseToThePlainPath) {
  const PackedBatch batch = Pack(RandomTexts({3, 180, 60, 1, 17, 61, 9}));
  const at::Tensor plain = model_.Logits(batch);
  EXPECT_LT(MaxDifference(TensorNetwork(model_, at::kFloat).Logits(batch), plain), 2e-5);
  const at::Tensor logits = TensorNetwork(model_, at::kBFloat16).Logits(batch);
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  EXPECT_LT(MaxDifference(at::softmax(logits, -1), at::softmax(plain, -1)), MaxError(Precision::kBf16));
}

TEST_P(TensorNetworkTest, PaddingDoesNotChangeTheLogits) {
  const std::vector<Encoding> texts = RandomTexts({5, 9});
  const TensorNetwork network(model_, at::kFloat);
  EXPECT_LT(MaxDifference(network.Logits(PackPadded(texts)).narrow(0, 0, 2), network.Logits(Pack(texts))),
            2e-5);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TensorNetworkTest, testing::ValuesIn(kNetworkCases));

}  // namespace
}  // namespace newsgenre
