#include "common/inference/network.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include "gmock/gmock.h"
#include "tests/common/inference/fake_network.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

TEST(MakeNetworkTest, UsesKernelsOfThePrecisionOnTheCpu) {
  const c10::InferenceMode inference;
  const Albert model = RandomModel(kNetworkCases[0]);
  const PackedBatch batch = Pack(RandomTexts({3, 18}));
  for (const Precision precision : kCpuPrecisions) {
    ASSERT_OK_AND_ASSIGN(const auto network, MakeNetwork(model, precision));
    EXPECT_TRUE(network->device().is_cpu());
    ASSERT_THAT(network->kernels(), testing::SizeIs(7));
    for (const KernelChoice& choice : network->kernels()) {
      EXPECT_THAT(choice.kernel, testing::EndsWith(std::string(PrecisionName(precision)))) << choice.linear;
      EXPECT_GT(choice.small_gflops, 0);
      EXPECT_GT(choice.large_gflops, 0);
    }
    EXPECT_LT(MaxDifference(network->Logits(batch).softmax(-1), model.Logits(batch).softmax(-1)),
              MaxError(precision));
  }
}

TEST(NetworkForwardTest, PacksTheBatch) {
  const auto network = std::make_shared<const FakeNetwork>([](const PackedBatch& batch) {
    return at::stack({batch.ids, batch.positions});
  });
  const Encoding a{{2, 7, 3}}, b{{2, 3}};
  const at::Tensor packed = NetworkForward(network).Logits({&a, &b});
  const PackedBatch expected = PackBatch({&a, &b}, c10::kCPU);
  EXPECT_TRUE(at::equal(packed, at::stack({expected.ids, expected.positions})));
}

}  // namespace
}  // namespace newsgenre
