#include "trainer/pretraining/pretraining_start.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/zeros.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/file.h"
#include "common/base/json_log.h"
#include "common/checkpoint/checkpoint.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kSeed = 5;

// Returns the names of tensors that are not equal to the bit, except for names that begin with `ignored`.
std::vector<std::string> Different(const TensorMap& a, const TensorMap& b, const std::string& ignored = "-") {
  std::vector<std::string> names;
  for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const auto& [name, tensor] : *one) {
      const auto found = other->find(name);
      const bool same = found != other->end() && at::equal(found->second, tensor);
      if (!same && !absl::StartsWith(name, ignored)) names.push_back(name);
    }
  }
  return names;
}

class PretrainingStartTest : public testing::Test {
 protected:
  PretrainingStartTest() {
    SetLogStream(&log_);
    config_.network.embedding_size = 16;
    config_.network.hidden_size = 32;
    config_.network.layers = 2;
    config_.network.vocab_size = 300;
    config_.max_tokens = 64;
  }
  ~PretrainingStartTest() override { SetLogStream(nullptr); }

  static std::vector<std::string> Texts() {
    return {*ReadFile(NEWSGENRE_SOURCE_DIR "/deploy/sample/train.csv")};
  }

  // Returns a masked-language model with the tiny model's vocabulary and random biases and norms.
  absl::StatusOr<MaskedLm> TinyMaskedLm() {
    absl::StatusOr<Checkpoint> tiny = TinyCheckpoint();
    if (!tiny.ok()) return tiny.status();
    AlbertConfig config = tiny->model.config();
    config.hidden_dropout_prob = 0.1;
    config.attention_probs_dropout_prob = 0.2;
    const Albert model = Albert::Random(config, Head::kMaskedLm, 0, 9);
    for (const auto& [name, tensor] : model.parameters()) {
      if (tensor.dim() == 1) tensor.copy_(at::randn_like(tensor));
    }
    absl::StatusOr<Tokenizer> tokenizer = Tokenizer::FromBytes(tiny->encoder.tokenizer().model_bytes());
    if (!tokenizer.ok()) return tokenizer.status();
    return MaskedLm{model, *std::move(tokenizer)};
  }

  // Writes the folder to start from.
  void Write(const MaskedLm& masked_lm, const TensorMap& tensors) {
    std::filesystem::create_directories(folder_);
    ASSERT_THAT(
        WriteHuggingFaceFolder(folder_, AlbertConfigJson(masked_lm.model.config(), Head::kMaskedLm, {}),
                               tensors, masked_lm.tokenizer, 64),
        IsOk());
    config_.init_from = folder_;
  }
  void Write(const MaskedLm& masked_lm) {
    std::filesystem::create_directories(folder_);
    ASSERT_THAT(WriteMaskedLm(folder_, masked_lm, 64), IsOk());
    config_.init_from = folder_;
  }

  // Returns the head that replaces a missing one.
  TensorMap DrawnHead(const AlbertConfig& config) const {
    TensorMap head = Albert::Random(config, Head::kMaskedLm, 0, kSeed).parameters();
    for (auto tensor = head.begin(); tensor != head.end();) {
      tensor = absl::StartsWith(tensor->first, "predictions.") ? std::next(tensor) : head.erase(tensor);
    }
    return head;
  }

  const TempDir dir_;
  const std::string folder_ = dir_.File("start");
  std::stringstream log_;
  ModelConfig config_;
};

TEST_F(PretrainingStartTest, InitMaskedLmDrawsWeightsAndTrainsAVocabulary) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm start, InitMaskedLm(config_, Texts(), kSeed));
  EXPECT_EQ(start.tokenizer.vocab_size(), 300);
  EXPECT_EQ(start.model.head(), Head::kMaskedLm);
  const Albert random = Albert::Random(config_.NewNetwork(), Head::kMaskedLm, 0, kSeed);
  EXPECT_THAT(Different(start.model.parameters(), random.parameters()), IsEmpty());
}

TEST_F(PretrainingStartTest, InitMaskedLmRefusesImpossibleSizes) {
  config_.network.vocab_size = 900'000;
  EXPECT_THAT(InitMaskedLm(config_, Texts(), kSeed),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--vocab_size: ")));
  config_.network.embedding_size = 60'000;
  EXPECT_THAT(InitMaskedLm(config_, Texts(), kSeed),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("weights; the limit is")));
}

TEST_F(PretrainingStartTest, ReadsWhatItWrites) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm written, TinyMaskedLm());
  Write(written);
  ASSERT_OK_AND_ASSIGN(const auto names, ListFolder(folder_));
  EXPECT_THAT(names,
              ElementsAre("config.json", "model.safetensors", "spiece.model", "tokenizer_config.json"));
  ASSERT_OK_AND_ASSIGN(const MaskedLm read, LoadMaskedLm(config_, kSeed));
  EXPECT_THAT(Different(read.model.parameters(), written.model.parameters()), IsEmpty());
  EXPECT_EQ(read.model.head(), Head::kMaskedLm);
  EXPECT_EQ(read.tokenizer.model_bytes(), written.tokenizer.model_bytes());
  EXPECT_EQ(AlbertConfigJson(read.model.config(), Head::kMaskedLm, {}),
            AlbertConfigJson(written.model.config(), Head::kMaskedLm, {}));
  EXPECT_EQ(log_.str(), "");
}

TEST_F(PretrainingStartTest, TheDropoutFlagOverridesTheFoldersDropout) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm written, TinyMaskedLm());
  Write(written);
  ASSERT_OK_AND_ASSIGN(const MaskedLm as_it_is, LoadMaskedLm(config_, kSeed));
  EXPECT_EQ(as_it_is.model.config().hidden_dropout_prob, 0.1);
  EXPECT_EQ(as_it_is.model.config().attention_probs_dropout_prob, 0.2);
  config_.network.dropout = 0.3;
  ASSERT_OK_AND_ASSIGN(const MaskedLm changed, LoadMaskedLm(config_, kSeed));
  EXPECT_EQ(changed.model.config().hidden_dropout_prob, 0.3);
  EXPECT_EQ(changed.model.config().attention_probs_dropout_prob, 0.3);
}

TEST_F(PretrainingStartTest, AllowsMoreLayersThanTheFolderHas) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm written, TinyMaskedLm());
  Write(written);
  config_.network.layers = written.model.config().num_hidden_layers + 3;
  ASSERT_OK_AND_ASSIGN(const MaskedLm deeper, LoadMaskedLm(config_, kSeed));
  EXPECT_EQ(deeper.model.config().num_hidden_layers, *config_.network.layers);
  EXPECT_THAT(Different(deeper.model.parameters(), written.model.parameters()), IsEmpty());
}

TEST_F(PretrainingStartTest, KeepsOnlyTheEncoderOfAClassifier) {
  for (const Head head : {Head::kCls, Head::kPooler}) {
    const std::string models = dir_.File(std::string(HeadName(head)));
    ASSERT_THAT(PublishTinyModel(models, {"v1", head}), IsOk());
    ASSERT_OK_AND_ASSIGN(const Checkpoint classifier, LoadCheckpoint(models));
    config_.init_from = models;
    log_.str("");
    ASSERT_OK_AND_ASSIGN(const MaskedLm start, LoadMaskedLm(config_, kSeed));
    TensorMap expected = DrawnHead(classifier.model.config());
    for (const auto& [name, tensor] : classifier.model.parameters()) {
      const bool is_head = absl::StartsWith(name, "classifier.") || absl::StartsWith(name, "albert.pooler.");
      if (!is_head) expected[name] = tensor;
    }
    EXPECT_THAT(Different(start.model.parameters(), expected), IsEmpty());
    EXPECT_THAT(log_.str(), AllOf(HasSubstr("the masked-LM head is drawn anew"), HasSubstr(models)));
  }
}

TEST_F(PretrainingStartTest, DrawsTheHeadForABareEncoder) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm whole, TinyMaskedLm());
  TensorMap bare = {{"pooler.weight", at::zeros({32, 32})}, {"pooler.bias", at::zeros({32})}};
  TensorMap expected = DrawnHead(whole.model.config());
  for (const auto& [name, tensor] : whole.model.parameters()) {
    if (!absl::StartsWith(name, "albert.")) continue;
    bare[name.substr(7)] = tensor;
    expected[name] = tensor;
  }
  Write(whole, bare);
  ASSERT_OK_AND_ASSIGN(const MaskedLm start, LoadMaskedLm(config_, kSeed));
  EXPECT_THAT(Different(start.model.parameters(), expected), IsEmpty());
  EXPECT_THAT(log_.str(), HasSubstr("drawn anew"));
}

TEST_F(PretrainingStartTest, NamesTheProblemOfAFolder) {
  config_.init_from = dir_.File("absent");
  EXPECT_THAT(LoadMaskedLm(config_, kSeed), StatusIs(StatusCode::kNotFound, HasSubstr("absent")));
  ASSERT_OK_AND_ASSIGN(const MaskedLm whole, TinyMaskedLm());
  const TensorMap good = whole.model.parameters();
  const std::string norm = "predictions.LayerNorm.weight", word = "albert.embeddings.LayerNorm.bias";
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const struct {
    std::string name;
    at::Tensor tensor;  // if undefined, the tensor is removed
    StatusCode code;
    std::string message;
  } cases[] = {
      {norm, {}, StatusCode::kFailedPrecondition, "tensor " + norm + " is missing"},
      {word, {}, StatusCode::kFailedPrecondition, "tensor " + word + " is missing"},
      {norm, at::zeros({17}), StatusCode::kFailedPrecondition, "tensor " + norm + " has shape [17]"},
      {norm, at::full_like(good.at(norm), nan), StatusCode::kDataLoss,
       "tensor " + norm + " has a value that"},
      {"predictions.more", at::zeros({1}), StatusCode::kFailedPrecondition,
       "tensor predictions.more does not"},
  };
  for (const auto& test : cases) {
    TensorMap tensors = good;
    tensors.erase(test.name);
    if (test.tensor.defined()) tensors[test.name] = test.tensor;
    Write(whole, tensors);
    EXPECT_THAT(
        LoadMaskedLm(config_, kSeed),
        StatusIs(test.code, AllOf(HasSubstr(folder_ + ": model.safetensors: "), HasSubstr(test.message))));
  }
}

TEST_F(PretrainingStartTest, RefusesMoreTokensThanPositions) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm written, TinyMaskedLm());
  Write(written);
  config_.max_tokens = 65;
  EXPECT_THAT(
      LoadMaskedLm(config_, kSeed),
      StatusIs(StatusCode::kInvalidArgument,
               AllOf(HasSubstr(folder_), HasSubstr("--max_tokens is 65"), HasSubstr("64 positions"))));
  for (const std::optional<int> fits :
       {std::optional<int>(64), std::optional<int>(16), std::optional<int>()}) {
    config_.max_tokens = fits;
    EXPECT_THAT(LoadMaskedLm(config_, kSeed), IsOk());
  }
}

TEST_F(PretrainingStartTest, AClassifierCanStartFromTheFolderButIsNotServedFromIt) {
  ASSERT_OK_AND_ASSIGN(const MaskedLm written, TinyMaskedLm());
  Write(written);
  for (const Head head : {Head::kCls, Head::kPooler}) {
    ASSERT_OK_AND_ASSIGN(const Checkpoint start, LoadForTraining(folder_, head, TinyLabels(), 3));
    EXPECT_EQ(start.model.head(), head);
    for (const auto& [name, tensor] : written.model.parameters()) {
      if (absl::StartsWith(name, "albert.")) {
        EXPECT_TRUE(at::equal(start.model.parameters().at(name), tensor)) << name;
      }
    }
    EXPECT_EQ(start.encoder.tokenizer().model_bytes(), written.tokenizer.model_bytes());
    EXPECT_EQ(start.encoder.max_tokens(), 64);
  }
  EXPECT_THAT(LoadCheckpoint(folder_),
              StatusIs(StatusCode::kFailedPrecondition, AllOf(HasSubstr(folder_), HasSubstr("no classifier"),
                                                              HasSubstr("training can start from it"))));
}

}  // namespace
}  // namespace newsgenre
