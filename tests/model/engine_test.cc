#include "common/model/engine.h"

#include <ATen/Parallel.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include "gmock/gmock.h"
#include "tests/model/random_texts.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

AlbertConfig Config(int hidden, int heads, Activation activation) {
  AlbertConfig config;
  config.vocab_size = 100;
  config.embedding_size = 24;
  config.hidden_size = hidden;
  config.num_hidden_layers = 3;
  config.num_attention_heads = heads;
  config.intermediate_size = 3 * hidden;
  config.max_position_embeddings = 200;
  config.initializer_range = 0.08;
  config.hidden_act = activation;
  return config;
}

struct EngineCase {
  Head head;
  Activation activation;
  int hidden;
  int heads;
};

class EngineTest : public testing::TestWithParam<EngineCase> {
 protected:
  const Albert model_ = Albert::Random(Config(GetParam().hidden, GetParam().heads, GetParam().activation),
                                       GetParam().head, 4, 5);
};

at::Tensor Probabilities(const at::Tensor& logits) { return at::softmax(logits, -1); }

TEST_P(EngineTest, EveryPrecisionKeepsToThePlainPath) {
  const c10::InferenceMode inference;
  const PackedBatch batch = Pack(RandomTexts({3, 180, 60, 1, 17, 61, 9}));
  const at::Tensor plain = model_.Logits(batch, /*training=*/false);
  for (const Precision precision : kCpuPrecisions) {
    ASSERT_OK_AND_ASSIGN(const Engine engine, Engine::Build(model_, precision));
    EXPECT_EQ(engine.precision(), precision);
    EXPECT_THAT(engine.kernels(), testing::SizeIs(7));
    const at::Tensor logits = engine.Logits(batch);
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_LT(MaxDifference(Probabilities(logits), Probabilities(plain)), Bound(precision))
        << PrecisionName(precision);
    if (precision == Precision::kFp32) {
      EXPECT_LT(MaxDifference(logits, plain), 2e-5);
    }
  }
}

TEST_P(EngineTest, ATextsProbabilitiesDoNotDependOnItsBatch) {
  const c10::InferenceMode inference;
  const std::vector<Encoding> texts = RandomTexts({40, 5, 120, 40, 33, 80, 2, 61, 190, 12});
  // bf16 rounds every sum to 8 bits, and kernels add up in another order for another number of rows.
  const auto bar = [](Precision precision) { return precision == Precision::kBf16 ? 0.03 : 1e-5; };
  for (const Precision precision : kCpuPrecisions) {
    ASSERT_OK_AND_ASSIGN(const Engine engine, Engine::Build(model_, precision));
    const at::Tensor together = Probabilities(engine.Logits(Pack(texts)));
    for (size_t i = 0; i < texts.size(); ++i) {
      const at::Tensor alone = Probabilities(engine.Logits(Pack({texts[i]})))[0];
      // A value at the edge of two steps of int8 may fall to either side by the rounding of what came before.
      const double more = precision == Precision::kInt8 ? 5e-3 : 0;
      EXPECT_LT(MaxDifference(together[i], alone), bar(precision) + more)
          << PrecisionName(precision) << " " << i;
    }
  }
}

TEST_P(EngineTest, ALargeBatchRunsInPieces) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  std::vector<int> lengths;
  for (int i = 0; i < 40; ++i) lengths.push_back(1 + (i * i * 7) % 190);  // 3,663 tokens, 256 a piece
  const std::vector<Encoding> texts = RandomTexts(lengths);
  ASSERT_OK_AND_ASSIGN(const Engine engine, Engine::Build(model_, Precision::kFp32));
  const at::Tensor logits = engine.Logits(Pack(texts));
  ASSERT_EQ(logits.size(0), 40);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_LT(MaxDifference(logits[i], engine.Logits(Pack({texts[i]}))[0]), 2e-5) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, EngineTest,
                         testing::Values(EngineCase{Head::kCls, Activation::kGelu, 64, 4},
                                         EngineCase{Head::kPooler, Activation::kGeluNew, 128, 2},
                                         EngineCase{Head::kCls, Activation::kGeluNew, 60, 3},
                                         EngineCase{Head::kPooler, Activation::kGelu, 72, 6}));

}  // namespace
}  // namespace newsgenre
