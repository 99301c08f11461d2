#include "common/inference/cpu_network.h"

#include <ATen/Parallel.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "gmock/gmock.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

class CpuNetworkTest : public testing::TestWithParam<NetworkCase> {
 protected:
  CpuNetworkTest() { at::set_num_threads(2); }

  const c10::InferenceMode inference_;
  const Albert model_ = RandomModel(GetParam());
};

at::Tensor Probabilities(const at::Tensor& logits) { return at::softmax(logits, -1); }

bool IsOwn(const KernelChoice& choice) { return choice.kernel.rfind("own", 0) == 0; }

TEST_P(CpuNetworkTest, EveryPrecisionStaysCloseToThePlainPath) {
  const PackedBatch batch = Pack(RandomTexts({3, 180, 60, 1, 17, 61, 9}));
  const at::Tensor plain = model_.Logits(batch);
  for (const Precision precision : kCpuPrecisions) {
    const CpuNetwork network(model_, precision);
    EXPECT_THAT(network.kernels(), testing::SizeIs(7));
    const at::Tensor logits = network.Logits(batch);
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_LT(MaxDifference(Probabilities(logits), Probabilities(plain)), MaxError(precision))
        << PrecisionName(precision);
    if (precision == Precision::kFp32) {
      EXPECT_LT(MaxDifference(logits, plain), 2e-5);
    }
  }
}

TEST_P(CpuNetworkTest, LogitsDoNotDependOnTheBatchOrTheThreads) {
  const std::vector<Encoding> texts = RandomTexts({40, 5, 120, 40, 33, 80, 2, 61, 190, 12});
  for (const Precision precision : kCpuPrecisions) {
    const CpuNetwork network(model_, precision);
    const std::vector<KernelChoice> kernels = network.kernels();
    // Libraries add in an order that depends on the number of rows. An activation near the boundary between
    // two bf16 or int8 values then rounds to the other one.
    const bool own = std::all_of(kernels.begin(), kernels.end(), IsOwn);
    const double bound = own ? 1e-6 : precision == Precision::kFp32 ? 1e-5 : 0.03;
    const at::Tensor together = Probabilities(network.Logits(Pack(texts)));
    for (const int threads : {1, 2, 3}) {
      at::set_num_threads(threads);
      for (size_t i = 0; i < texts.size(); ++i) {
        const at::Tensor alone = Probabilities(network.Logits(Pack({texts[i]})))[0];
        EXPECT_LT(MaxDifference(together[static_cast<int64_t>(i)], alone), bound)
            << PrecisionName(precision) << " " << i << " on " << threads << " threads";
      }
    }
  }
}

TEST_P(CpuNetworkTest, UsesGivenKernelsAndTimesTheOthers) {
  const KernelChoice given{"ffn", "at::linear fp32", -1, -2};
  const KernelChoice absent{"dense", "no such kernel", -1, -2};
  const CpuNetwork network(model_, Precision::kFp32, {given, absent});
  ASSERT_THAT(network.kernels(), testing::SizeIs(7));
  for (const KernelChoice& choice : network.kernels()) {
    if (choice.linear == "ffn") {
      EXPECT_EQ(choice.kernel, "at::linear fp32");
      EXPECT_EQ(choice.small_gflops, -1);
    } else {
      EXPECT_NE(choice.kernel, "no such kernel");
      EXPECT_GT(choice.small_gflops, 0) << choice.linear;
    }
  }
}

TEST_P(CpuNetworkTest, ALargeBatchRunsInPieces) {
  at::set_num_threads(1);
  std::vector<int> lengths;
  for (int i = 0; i < 40; ++i) lengths.push_back(1 + (i * i * 7) % 190);  // 3,663 tokens, 256 per piece
  const std::vector<Encoding> texts = RandomTexts(lengths);
  const CpuNetwork network(model_, Precision::kFp32);
  const at::Tensor logits = network.Logits(Pack(texts));
  ASSERT_EQ(logits.size(0), 40);
  for (size_t i = 0; i < texts.size(); ++i) {
    const at::Tensor alone = network.Logits(Pack({texts[i]}))[0];
    EXPECT_LT(MaxDifference(logits[static_cast<int64_t>(i)], alone), 2e-5) << i;
  }
}

TEST_P(CpuNetworkTest, PaddingDoesNotChangeTheLogits) {
  const std::vector<Encoding> texts = RandomTexts({5, 9});
  const CpuNetwork network(model_, Precision::kFp32);
  const at::Tensor padded = network.Logits(PackPadded(texts));
  ASSERT_EQ(padded.size(0), 4);
  EXPECT_LT(MaxDifference(padded.narrow(0, 0, 2), network.Logits(Pack(texts))), 2e-5);
}

// The bad token is in the second thread's share of the batch, or in the only thread's.
TEST_P(CpuNetworkTest, ThrowsForAnIdOutsideTheVocabularyAndForATooLongText) {
  const CpuNetwork network(model_, Precision::kFp32);
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    for (const int32_t id : {-1, 100}) {
      std::vector<Encoding> texts = RandomTexts({60, 60, 20});
      texts.back().ids.push_back(id);
      EXPECT_THROW(network.Logits(Pack(texts)), c10::Error);
    }
    EXPECT_THROW(network.Logits(Pack(RandomTexts({201}))), c10::Error);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, CpuNetworkTest, testing::ValuesIn(kNetworkCases));

}  // namespace
}  // namespace newsgenre
