#include "common/model/engine.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <random>

#include "common/model/attention.h"
#include "common/model/cpu_attention.h"
#include "common/model/linear_kernel.h"
#include "common/model/row_quantizer.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

// How far a precision's results may be from fp32's, of about 1: 8 bits of mantissa in bf16; in int8 7 bits of
// value in the rows, 6 in the weights, over some hundred products whose errors mostly cancel.
double Bound(Precision precision) {
  return precision == Precision::kFp32 ? 1e-5 : precision == Precision::kBf16 ? 0.03 : 0.05;
}
constexpr Precision kCpuPrecisions[] = {Precision::kFp32, Precision::kBf16, Precision::kInt8};

double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().max().item<double>();
}

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

std::vector<Encoding> RandomTexts(const std::vector<int>& lengths) {
  std::mt19937 generator(11);
  std::vector<Encoding> texts(lengths.size());
  for (size_t i = 0; i < lengths.size(); ++i) {
    for (int j = 0; j < lengths[i]; ++j) texts[i].ids.push_back(5 + static_cast<int>(generator() % 95));
  }
  return texts;
}

PackedBatch Pack(const std::vector<Encoding>& texts) {
  std::vector<const Encoding*> pointers;
  for (const Encoding& text : texts) pointers.push_back(&text);
  return PackBatch(pointers, c10::kCPU);
}

LinearMap RandomMap(int64_t in, int64_t out, After after) {
  return {"map", {at::randn({out, in}) / std::sqrt(static_cast<double>(in)), at::randn({out})}, after};
}

at::Tensor Expected(const LinearMap& map, const at::Tensor& x, const at::Tensor& residual) {
  const at::Tensor y = at::linear(x, map.affine.weight, map.affine.bias);
  if (map.after == After::kGelu) return at::gelu(y, "none");
  if (map.after == After::kGeluTanh) return at::gelu(y, "tanh");
  return map.after == After::kAddResidual ? y + residual : y;
}

TEST(LinearKernelTest, EveryKernelGivesWhatAtLinearGives) {
  at::manual_seed(1);
  const c10::InferenceMode inference;
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{24, 40}, {128, 384}, {100, 7}, {33, 65}}) {
    for (const After after : {After::kNothing, After::kGelu, After::kGeluTanh, After::kAddResidual}) {
      const LinearMap map = RandomMap(in, out, after);
      for (const Precision precision : kCpuPrecisions) {
        const auto type = NetworkType(precision);
        for (const auto& kernel : MakeLinearKernels(map, precision)) {
          for (const int64_t rows : {1, 2, 57, 130}) {
            const at::Tensor x = at::randn({rows, in}), residual = at::randn({rows, out});
            const at::Tensor y =
                kernel->Run(x.to(type), after == After::kAddResidual ? residual.to(type) : at::Tensor());
            EXPECT_EQ(y.scalar_type(), type);
            EXPECT_LT(MaxDifference(y, Expected(map, x, residual)), 4 * Bound(precision))
                << kernel->name() << " " << in << " to " << out << ", rows " << rows;
          }
        }
      }
    }
  }
}

TEST(LinearKernelTest, ARowDoesNotDependOnItsNeighbours) {
  at::manual_seed(2);
  const c10::InferenceMode inference;
  const LinearMap map = RandomMap(128, 64, After::kGelu);
  const at::Tensor x = at::randn({70, 128});
  const at::Tensor beside_large = at::cat({x.narrow(0, 0, 1), 1000 * x.narrow(0, 1, 69)});
  for (const Precision precision : kCpuPrecisions) {
    for (const auto& kernel : MakeLinearKernels(map, precision)) {
      const auto first = [&](const at::Tensor& rows) {
        return kernel->Run(rows.to(NetworkType(precision)), {}).narrow(0, 0, 1);
      };
      const double bar = precision == Precision::kBf16 ? 0.02 : 1e-5;
      EXPECT_LT(MaxDifference(first(x), first(beside_large)), bar) << kernel->name();
      EXPECT_LT(MaxDifference(first(x), first(x.narrow(0, 0, 1))), bar) << kernel->name();
    }
  }
}

TEST(LinearKernelTest, ChoosesAKernelAndSaysItsRates) {
  const c10::InferenceMode inference;
  const TimedKernel chosen = ChooseLinearKernel(RandomMap(64, 64, After::kNothing), Precision::kFp32);
  ASSERT_NE(chosen.kernel, nullptr);
  EXPECT_GT(chosen.small_gflops, 0);
  EXPECT_GT(chosen.large_gflops, 0);
}

TEST(RowQuantizerTest, KeepsARowWithinHalfAStepOfItsValues) {
  at::manual_seed(3);
  for (const int64_t width : {1, 5, 31, 32, 33, 100, 768}) {
    const at::Tensor x = at::randn({9, width}) * 3;
    for (const int levels : {127, 255}) {
      const QuantizedRows rows = QuantizeRows(x, levels);
      const at::Tensor back =
          rows.values.to(at::kFloat) * rows.scales.unsqueeze(1) + rows.offsets.unsqueeze(1);
      EXPECT_LE(rows.values.max().item<int>(), levels);
      EXPECT_LT(((back - x).abs() / rows.scales.unsqueeze(1)).max().item<double>(), 0.501) << width;
    }
  }
}

TEST(RowQuantizerTest, ARowOfEqualValuesIsItsOffset) {
  const at::Tensor x = at::full({2, 40}, -2.5);
  const QuantizedRows rows = QuantizeRows(x, 127);
  EXPECT_EQ(rows.values.max().item<int>(), 0);
  EXPECT_EQ(rows.offsets[1].item<float>(), -2.5f);
}

TEST(CpuAttentionTest, GivesWhatTheLayoutGives) {
  at::manual_seed(4);
  const c10::InferenceMode inference;
  for (const std::vector<int>& lengths : {std::vector<int>{9}, {1, 1}, {30, 1, 150, 7, 8, 64}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    for (const int64_t heads : {1, 3}) {
      const int64_t hidden = 16 * heads;
      const at::Tensor qkv = at::randn({batch.rows(), 3 * hidden});
      const auto parts = qkv.chunk(3, 1);
      const AttentionLayout layout(batch, 0.0);
      EXPECT_LT(MaxDifference(AttendOnCpu(batch, parts[0], parts[1], parts[2], heads),
                              layout.Attend(parts[0], parts[1], parts[2], heads)),
                1e-5);
      const at::Tensor first = parts[0].index_select(0, batch.first_rows);
      EXPECT_LT(MaxDifference(AttendOnCpu(batch, first, parts[1], parts[2], heads),
                              layout.Attend(first, parts[1], parts[2], heads)),
                1e-5);
    }
  }
}

TEST(CpuAttentionTest, WhatBelongsToNoTextIsZero) {
  const c10::InferenceMode inference;
  const std::vector<Encoding> texts = RandomTexts({5, 9});
  const BatchShape shape{20, 4};
  const at::Tensor packed = at::empty({PackedSize(shape)}, at::kInt);
  std::vector<int64_t> starts = PackInto({&texts[0], &texts[1]}, shape, packed);
  PackedBatch batch = ViewOf(packed, shape);
  batch.starts = starts;
  batch.max_length = 9;
  const at::Tensor x = at::randn({20, 32});
  const at::Tensor padded = AttendOnCpu(batch, x, x, x, 2);
  EXPECT_EQ(padded.narrow(0, 14, 6).abs().max().item<float>(), 0);
  const at::Tensor alone =
      AttendOnCpu(Pack(texts), x.narrow(0, 0, 14), x.narrow(0, 0, 14), x.narrow(0, 0, 14), 2);
  EXPECT_LT(MaxDifference(padded.narrow(0, 0, 14), alone), 1e-6);
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
