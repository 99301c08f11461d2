// Compares a tiny network with the results of transformers, which tests/golden/make_albert_golden.py wrote.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/file.h"
#include "common/checkpoint/safetensors.h"
#include "common/model/albert.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

class AlbertGoldenTest : public testing::TestWithParam<std::tuple<std::string, Head>> {
 protected:
  void SetUp() override {
    const auto& [activation, head] = GetParam();
    ASSERT_OK_AND_ASSIGN(const AlbertConfig config, ParseAlbertConfig(Read(activation + ".json")));
    TensorMap weights = Tensors("model.safetensors");
    if (head == Head::kCls) {
      weights.erase("albert.pooler.weight");
      weights.erase("albert.pooler.bias");
    }
    ASSERT_OK_AND_ASSIGN(model_, Albert::FromTensors(config, head, 4, std::move(weights)));
    expected_ = Tensors(activation + "_" + std::string(HeadName(head)) + ".safetensors");
    const auto batch = nlohmann::json::parse(Read("batch.json"));
    for (const auto& ids : batch["texts"]) texts_.push_back({ids.get<std::vector<int32_t>>()});
    labels_ = at::tensor(batch["labels"].get<std::vector<int64_t>>());
  }

  static std::string Read(const std::string& name) {
    auto bytes = ReadFile(std::string(NEWSGENRE_SOURCE_DIR) + "/tests/golden/albert/" + name);
    EXPECT_THAT(bytes, IsOk());
    return bytes.value_or("");
  }
  static TensorMap Tensors(const std::string& name) {
    auto file = ParseSafetensors(Read(name));
    EXPECT_THAT(file, IsOk());
    return file.ok() ? file->tensors : TensorMap();
  }

  PackedBatch Batch() const {
    std::vector<const Encoding*> pointers;
    for (const Encoding& text : texts_) pointers.push_back(&text);
    return PackBatch(pointers, c10::kCPU);
  }

  absl::StatusOr<Albert> model_;
  std::vector<Encoding> texts_;
  at::Tensor labels_;
  TensorMap expected_;
};

TEST_P(AlbertGoldenTest, LogitsMatchTransformers) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = model_->Logits(Batch());
  EXPECT_LT((logits - expected_.at("logits")).abs().max().item<double>(), 1e-5);
}

TEST_P(AlbertGoldenTest, GradientsMatchTransformers) {
  model_->SetRequiresGrad(true);
  at::cross_entropy_loss(model_->Logits(Batch()), labels_).backward();

  double sum_of_squares = 0;
  for (const auto& [name, parameter] : model_->parameters()) {
    sum_of_squares += std::pow(expected_.at(name).norm().item<double>(), 2);
  }
  for (const auto& [name, parameter] : model_->parameters()) {
    const at::Tensor theirs = expected_.at(name);
    const double bound = 1e-4 * std::max(theirs.norm().item<double>(), 1e-3 * std::sqrt(sum_of_squares));
    EXPECT_LE((parameter.grad() - theirs).norm().item<double>(), bound) << name;
  }
  EXPECT_EQ(expected_.size(), model_->parameters().size() + 1);
}

INSTANTIATE_TEST_SUITE_P(Albert, AlbertGoldenTest,
                         testing::Combine(testing::Values("gelu", "gelu_new"),
                                          testing::Values(Head::kCls, Head::kPooler)),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  std::string(HeadName(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace newsgenre
