#include "common/inference/engine.h"

#include <c10/core/InferenceMode.h>

#include "gmock/gmock.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

TEST(EngineTest, OnTheCpuEachPrecisionHasItsKernels) {
  const c10::InferenceMode inference;
  const Albert model = RandomModel(kNetworkCases[0]);
  const PackedBatch batch = Pack(RandomTexts({3, 18}));
  for (const Precision precision : kCpuPrecisions) {
    ASSERT_OK_AND_ASSIGN(const Engine engine, Engine::Build(model, precision));
    EXPECT_EQ(engine.precision(), precision);
    EXPECT_TRUE(engine.device().is_cpu());
    ASSERT_THAT(engine.kernels(), testing::SizeIs(7));
    for (const KernelChoice& choice : engine.kernels()) {
      EXPECT_THAT(choice.kernel, testing::EndsWith(std::string(PrecisionName(precision)))) << choice.linear;
      EXPECT_GT(choice.small_gflops, 0);
      EXPECT_GT(choice.large_gflops, 0);
    }
    EXPECT_LT(MaxDifference(engine.Logits(batch).softmax(-1), model.Logits(batch).softmax(-1)),
              Bound(precision));
  }
}

}  // namespace
}  // namespace newsgenre
