#include "common/model/albert.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <random>

#include "common/device/device.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

AlbertConfig SmallConfig() {
  AlbertConfig config;
  config.vocab_size = 100;
  config.embedding_size = 32;
  config.hidden_size = 128;
  config.num_hidden_layers = 3;
  config.num_attention_heads = 4;
  config.intermediate_size = 256;
  config.max_position_embeddings = 200;
  config.initializer_range = 0.05;
  config.classifier_dropout_prob = 0.0;
  return config;
}

std::vector<Encoding> RandomTexts(const std::vector<int>& lengths, int vocab_size) {
  std::mt19937 generator(11);
  std::vector<Encoding> texts;
  for (const int length : lengths) {
    Encoding text;
    for (int i = 0; i < length; ++i) text.ids.push_back(5 + static_cast<int>(generator() % (vocab_size - 5)));
    texts.push_back(text);
  }
  return texts;
}

PackedBatch Pack(const std::vector<Encoding>& texts, c10::Device device = c10::kCPU) {
  std::vector<const Encoding*> pointers;
  for (const Encoding& text : texts) pointers.push_back(&text);
  return PackBatch(pointers, device);
}

double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.cpu() - b.cpu()).abs().max().item<double>();
}

at::Tensor Infer(const Albert& model, const std::vector<Encoding>& texts) {
  const at::NoGradGuard no_grad;
  return model.Logits(Pack(texts, model.device()));
}

TEST(AlbertTest, ProbabilitiesDoNotDependOnTheRestOfTheBatch) {
  const AlbertConfig config = SmallConfig();
  const Albert model = Albert::Random(config, Head::kPooler, 4, 5);
  std::vector<int> lengths;
  for (int i = 0; i < 70; ++i) lengths.push_back(1 + (i * i * 7) % 190);
  const std::vector<Encoding> texts = RandomTexts(lengths, config.vocab_size);
  // Batches of 1, 2, 3, 5, 16, 33 and 70 texts: BLAS chooses its kernel by the number of rows.
  std::vector<at::Tensor> alone;
  for (const Encoding& text : texts) alone.push_back(at::softmax(Infer(model, {text}), -1)[0]);
  for (const size_t size : {2, 3, 5, 16, 33, 70}) {
    for (size_t start = 0; start + size <= texts.size(); start += size) {
      const std::vector<Encoding> batch(texts.begin() + start, texts.begin() + start + size);
      const at::Tensor together = at::softmax(Infer(model, batch), -1);
      for (size_t i = 0; i < size; ++i) EXPECT_LT(MaxDifference(together[i], alone[start + i]), 1e-6);
    }
  }
}

TEST(AlbertTest, TheOrderOfTextsDoesNotChangeTheLogits) {
  const AlbertConfig config = SmallConfig();
  const Albert model = Albert::Random(config, Head::kCls, 4, 5);
  std::vector<Encoding> texts = RandomTexts({150, 4, 60, 61, 9}, config.vocab_size);
  const at::Tensor forward = Infer(model, texts);
  std::reverse(texts.begin(), texts.end());
  EXPECT_LT(MaxDifference(forward.flip(0), Infer(model, texts)), 1e-5);
}

TEST(AlbertTest, RandomDependsOnTheSeedOnly) {
  const Albert a = Albert::Random(SmallConfig(), Head::kPooler, 4, 1);
  const Albert b = Albert::Random(SmallConfig(), Head::kPooler, 4, 1);
  const Albert c = Albert::Random(SmallConfig(), Head::kPooler, 4, 2);
  const std::string layer = "albert.encoder.albert_layer_groups.0.albert_layers.0.";
  for (const auto& [name, parameter] : a.parameters()) {
    EXPECT_TRUE(at::equal(parameter, b.parameters().at(name))) << name;
  }
  const at::Tensor ffn = a.parameters().at(layer + "ffn.weight");
  EXPECT_FALSE(at::equal(ffn, c.parameters().at(layer + "ffn.weight")));
  EXPECT_NEAR(ffn.mean().item<double>(), 0.0, 0.002);
  EXPECT_NEAR(ffn.std().item<double>(), 0.05, 0.002);
  EXPECT_EQ(a.parameters().at(layer + "ffn.bias").abs().max().item<float>(), 0.0f);
  const at::Tensor norm = a.parameters().at(layer + "full_layer_layer_norm.weight");
  EXPECT_EQ(norm.min().item<float>(), 1.0f);
  EXPECT_EQ(norm.max().item<float>(), 1.0f);
}

TEST(AlbertTest, HasTheWeightsOfItsHead) {
  const Albert cls = Albert::Random(SmallConfig(), Head::kCls, 3, 1);
  const Albert pooler = Albert::Random(SmallConfig(), Head::kPooler, 3, 1);
  EXPECT_EQ(cls.parameters().count("albert.pooler.weight"), 0u);
  EXPECT_EQ(pooler.parameters().count("albert.pooler.weight"), 1u);
  EXPECT_EQ(pooler.parameters().size(), cls.parameters().size() + 2);
  EXPECT_EQ(cls.parameters().at("classifier.weight").sizes(), c10::IntArrayRef({3, 128}));
}

TEST(AlbertTest, AMaskedLanguageModelHasNoPoolerAndNoLabels) {
  const AlbertConfig config = SmallConfig();
  const Albert model = Albert::Random(config, Head::kMaskedLm, /*labels=*/0, 1);
  const TensorMap& tensors = model.parameters();
  EXPECT_EQ(tensors.count("albert.pooler.weight"), 0u);
  EXPECT_EQ(tensors.count("classifier.weight"), 0u);
  EXPECT_EQ(tensors.at("predictions.dense.weight").sizes(), c10::IntArrayRef({32, 128}));
  EXPECT_EQ(tensors.at("predictions.dense.bias").sizes(), c10::IntArrayRef({32}));
  EXPECT_EQ(tensors.at("predictions.LayerNorm.weight").sizes(), c10::IntArrayRef({32}));
  EXPECT_EQ(tensors.at("predictions.bias").sizes(), c10::IntArrayRef({100}));
  EXPECT_EQ(tensors.size(), Albert::Random(config, Head::kCls, 4, 1).parameters().size() + 3);
  EXPECT_TRUE(tensors.at("predictions.LayerNorm.weight").eq(1).all().item<bool>());
  EXPECT_FALSE(model.weights().classifier.weight.defined());

  ASSERT_OK_AND_ASSIGN(const Albert again, Albert::FromTensors(config, Head::kMaskedLm, 0, tensors));
  EXPECT_TRUE(again.weights().prediction_bias.is_same(tensors.at("predictions.bias")));
  for (const char* name : {"predictions.bias", "predictions.dense.weight", "predictions.LayerNorm.bias"}) {
    TensorMap missing = tensors;
    missing.erase(name);
    EXPECT_THAT(
        Albert::FromTensors(config, Head::kMaskedLm, 0, missing),
        StatusIs(StatusCode::kFailedPrecondition, HasSubstr("tensor " + std::string(name) + " is missing")));
  }
  TensorMap extra = tensors;
  extra["classifier.bias"] = at::zeros({4});
  EXPECT_THAT(Albert::FromTensors(config, Head::kMaskedLm, 0, extra),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("to an ALBERT with head masked_lm")));
}

// Checks the head's formula only, because the other heads test the layers.
TEST(AlbertTest, AMaskedLanguageModelScoresEveryPieceForEveryToken) {
  AlbertConfig config = SmallConfig();
  const std::vector<Encoding> texts = RandomTexts({40, 1, 7}, config.vocab_size);
  for (const Activation activation : {Activation::kGelu, Activation::kGeluNew}) {
    config.hidden_act = activation;
    TensorMap tensors = Albert::Random(config, Head::kMaskedLm, 0, 5).parameters();
    ASSERT_OK_AND_ASSIGN(const Albert model, Albert::FromTensors(config, Head::kMaskedLm, 0, tensors));
    const at::Tensor logits = Infer(model, texts);
    ASSERT_EQ(logits.sizes(), c10::IntArrayRef({48, 100}));
    // Logits do not depend on the batch. The bias is added for every token. A constant input of one gives the
    // sums of the word embeddings, the last map's weight.
    EXPECT_LT(MaxDifference(Infer(model, {texts[2]}), logits.slice(0, 41)), 1e-4);
    tensors["predictions.bias"] = at::arange(100, at::kFloat);
    ASSERT_OK_AND_ASSIGN(const Albert biased, Albert::FromTensors(config, Head::kMaskedLm, 0, tensors));
    EXPECT_LT(MaxDifference(Infer(biased, texts) - at::arange(100), logits), 1e-4);
    tensors["predictions.LayerNorm.weight"] = at::zeros({32});
    tensors["predictions.LayerNorm.bias"] = at::ones({32});
    ASSERT_OK_AND_ASSIGN(const Albert constant, Albert::FromTensors(config, Head::kMaskedLm, 0, tensors));
    const at::Tensor expected = constant.weights().word_embeddings.sum(1) + at::arange(100);
    EXPECT_LT(MaxDifference(Infer(constant, texts), expected.expand({48, 100})), 1e-4);
  }
}

TEST(AlbertTest, FromTensorsNamesTheWrongTensor) {
  const AlbertConfig config = SmallConfig();
  const TensorMap good = Albert::Random(config, Head::kCls, 4, 1).parameters();
  EXPECT_THAT(Albert::FromTensors(config, Head::kCls, 4, good), IsOk());
  const auto expect_refused = [&](const TensorMap& tensors, int labels, const std::string& message) {
    EXPECT_THAT(Albert::FromTensors(config, Head::kCls, labels, tensors),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr(message)));
  };

  TensorMap missing = good;
  missing.erase("albert.embeddings.LayerNorm.bias");
  expect_refused(missing, 4, "tensor albert.embeddings.LayerNorm.bias is missing");
  TensorMap extra = good;
  extra["albert.pooler.weight"] = at::zeros({128, 128});
  expect_refused(extra, 4, "tensor albert.pooler.weight does not belong to an ALBERT with head cls");
  TensorMap shaped = good;
  shaped["albert.embeddings.word_embeddings.weight"] = at::zeros({100, 33});
  expect_refused(
      shaped, 4,
      "tensor albert.embeddings.word_embeddings.weight has shape [100, 33]; the config asks for [100, 32]");
  TensorMap doubled = good;
  doubled["classifier.bias"] = at::zeros({4}, at::kDouble);
  expect_refused(doubled, 4, "tensor classifier.bias is not fp32");
  expect_refused(good, 5, "tensor classifier.bias has shape [4]; the config asks for [5]");
}

TEST(AlbertTest, ReturnsAnErrorForAnIdOutsideTheVocabulary) {
  const Albert model = Albert::Random(SmallConfig(), Head::kCls, 4, 1);
  EXPECT_THAT(CatchTorch([&] {
                Infer(model, {{{2, 100, 3}}});
                return absl::OkStatus();
              }),
              StatusIs(StatusCode::kInternal, HasSubstr("out of range")));
}

TEST(AlbertTest, GivesTheSameLogitsOnCuda) {
  const auto device = ParseDevice("cuda:0");
  if (!device.ok()) GTEST_SKIP() << device.status().message();
  const auto texts = RandomTexts({150, 4, 60, 61, 9, 200}, 100);
  const at::Tensor expected = Infer(Albert::Random(SmallConfig(), Head::kPooler, 4, 5), texts);
  Albert model = Albert::Random(SmallConfig(), Head::kPooler, 4, 5);
  model.To(*device);
  EXPECT_EQ(model.device(), *device);
  EXPECT_LT(MaxDifference(Infer(model, texts), expected), 1e-4);
}

}  // namespace
}  // namespace newsgenre
