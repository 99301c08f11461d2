// Tests folders that transformers' save_pretrained writes: they are served, and training starts from them.

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/json_log.h"
#include "common/checkpoint/checkpoint.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "common/inference/classifier.h"
#include "common/inference/predict.h"
#include "common/text/spiece.pb.h"
#include "gmock/gmock.h"
#include "tests/common/checkpoint/editable_folder.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kSeed = 7;

// Returns a safetensors file with any dtypes, as transformers writes it.
std::string TensorFile(const TensorMap& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const char* dtype = tensor.scalar_type() == at::kHalf       ? "F16"
                        : tensor.scalar_type() == at::kBFloat16 ? "BF16"
                        : tensor.scalar_type() == at::kLong     ? "I64"
                                                                : "F32";
    const size_t begin = data.size();
    data.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
    header[name] = {
        {"dtype", dtype}, {"shape", tensor.sizes().vec()}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  std::string length;
  for (size_t i = 0; i < 8; ++i) length += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return length + text + data;
}

class HuggingFaceFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(Checkpoint original, TinyCheckpoint({"", Head::kPooler}));
    original_ = std::make_unique<Checkpoint>(std::move(original));
    tensors_ = original_->model.parameters();
    folder_.Write("config.json", AlbertConfigJson(original_->model.config(), Head::kPooler, TinyLabels()));
    folder_.Write("spiece.model", original_->encoder.tokenizer().model_bytes());
    WriteTensors();
  }
  void TearDown() override { SetLogStream(nullptr); }

  void WriteTensors() { folder_.Write("model.safetensors", TensorFile(tensors_)); }
  // Keeps the tensors that a folder of AlbertModel has: no classifier, and names without the prefix.
  void KeepTheBareEncoder() {
    const TensorMap all = std::move(tensors_);
    tensors_.clear();
    for (const auto& [name, tensor] : all) {
      if (name.rfind("albert.", 0) == 0) tensors_[name.substr(7)] = tensor;
    }
    WriteTensors();
  }
  const at::Tensor& Original(const std::string& name) const { return original_->model.parameters().at(name); }

  const TempDir dir_;
  const EditableFolder folder_{dir_.File("fine-tuned")};
  std::unique_ptr<Checkpoint> original_;
  TensorMap tensors_;
};

TEST_F(HuggingFaceFolderTest, IsServed) {
  for (const std::string& path : {folder_.path(), folder_.path() + "/"}) {
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(path));
    EXPECT_EQ(read.manifest.version(), "fine-tuned");
    EXPECT_THAT(read.manifest.labels(), ElementsAreArray(TinyLabels()));
    EXPECT_EQ(read.manifest.head(), "pooler");
    EXPECT_THAT(read.manifest.canaries(), IsEmpty());
    EXPECT_EQ(read.encoder.cleaning(), CleaningVersion::kNone);
    EXPECT_EQ(read.encoder.max_tokens(), 64);
    Encoding encoding;
    encoding.ids = {2, 17, 23, 5, 3};
    ASSERT_OK_AND_ASSIGN(const auto expected, Predict(original_->model, {&encoding}));
    ASSERT_OK_AND_ASSIGN(const auto probabilities, Predict(read.model, {&encoding}));
    EXPECT_EQ(probabilities, expected);
  }
}

// transformers wrote the files and the logits, see tests/golden/make_albert_golden.py. Only the vocabulary is
// from this project, truncated to the model's size.
TEST_F(HuggingFaceFolderTest, GivesTheProbabilitiesOfTransformers) {
  const EditableFolder golden(NEWSGENRE_SOURCE_DIR "/tests/golden/albert");
  spiece::Model vocabulary;
  ASSERT_TRUE(vocabulary.ParseFromString(folder_.Read("spiece.model")));
  vocabulary.mutable_pieces()->DeleteSubrange(60, vocabulary.pieces_size() - 60);
  folder_.Write("spiece.model", vocabulary.SerializeAsString());
  folder_.Write("model.safetensors", golden.Read("model.safetensors"));
  for (const std::string activation : {"gelu", "gelu_new"}) {
    folder_.Write("config.json", golden.Read(activation + ".json"));
    ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(folder_.path(), {"cpu", "fp32"}));
    EXPECT_THAT(classifier->manifest().labels(), ElementsAre("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"));
    EXPECT_THAT(classifier->encoder().Encode("A summit."), IsOk());

    ASSERT_OK_AND_ASSIGN(const Safetensors tensors,
                         ParseSafetensors(golden.Read(activation + "_pooler.safetensors")));
    const at::Tensor expected = tensors.tensors.at("logits").softmax(1);
    const Json texts = Json::parse(golden.Read("batch.json"))["texts"];
    for (size_t i = 0; i < texts.size(); ++i) {
      const Encoding encoding{texts[i].get<std::vector<int32_t>>()};
      ASSERT_OK_AND_ASSIGN(const auto rows, classifier->Predict({&encoding}));
      EXPECT_LT((at::tensor(rows[0]) - expected[static_cast<int64_t>(i)]).abs().max().item<double>(), 1e-5);
    }
  }
}

TEST_F(HuggingFaceFolderTest, ConvertsHalfPrecisionToFp32) {
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    for (auto& [name, tensor] : tensors_) tensor = Original(name).to(dtype);
    WriteTensors();
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(folder_.path()));
    for (const auto& [name, tensor] : read.model.parameters()) {
      EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
      EXPECT_TRUE(at::equal(tensor, Original(name).to(dtype).to(at::kFloat))) << name;
    }
  }
}

TEST_F(HuggingFaceFolderTest, DropsTensorsOfOtherArchitecturesAndRefusesUnknownOnes) {
  tensors_["predictions.bias"] = at::zeros({5});
  tensors_["predictions.decoder.weight"] = at::zeros({5, 2});
  tensors_["sop_classifier.classifier.weight"] = at::zeros({2, 32});
  tensors_["albert.embeddings.position_ids"] = at::arange(64, at::kLong).view({1, 64});
  WriteTensors();
  EXPECT_THAT(LoadCheckpoint(folder_.path()), IsOk());
  tensors_["albert.encoder.adapter.weight"] = at::zeros({1});
  WriteTensors();
  EXPECT_THAT(LoadCheckpoint(folder_.path()),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("albert.encoder.adapter.weight")));
}

TEST_F(HuggingFaceFolderTest, NamesAMissingFile) {
  for (const std::string name : {"model.safetensors", "spiece.model"}) {
    const std::string bytes = folder_.Read(name);
    folder_.Remove(name);
    EXPECT_THAT(LoadCheckpoint(folder_.path()),
                StatusIs(StatusCode::kDataLoss, HasSubstr(name + " is missing")));
    folder_.Write(name, bytes);
  }
  folder_.Remove("config.json");
  EXPECT_THAT(LoadCheckpoint(folder_.path()), StatusIs(StatusCode::kNotFound, HasSubstr("config.json")));
}

TEST_F(HuggingFaceFolderTest, OrdersLabelsByTheirIds) {
  const auto with_labels = [&](const Json& id2label) {
    Json config = Json::parse(folder_.Read("config.json"));
    config["id2label"] = id2label;
    folder_.Write("config.json", config.dump());
    return LoadCheckpoint(folder_.path());
  };
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, with_labels({{"3", "d"}, {"0", "a"}, {"2", "c"}, {"1", "b"}}));
  EXPECT_THAT(read.manifest.labels(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(with_labels({{"0", "a"}, {"1", "b"}, {"2", "c"}}),
              StatusIs(StatusCode::kFailedPrecondition, AllOf(HasSubstr("3 labels"), HasSubstr("4 rows"))));
  for (const Json& broken :
       {Json{{"0", "a"}, {"2", "c"}}, Json{{"0", 1}}, Json::array({"a", "b"}), Json("abc")}) {
    EXPECT_THAT(with_labels(broken), StatusIs(StatusCode::kInvalidArgument, HasSubstr("id2label")));
  }
}

TEST_F(HuggingFaceFolderTest, HasTwoDefaultLabelsWithoutId2label) {
  Json config = Json::parse(folder_.Read("config.json"));
  config.erase("id2label");
  folder_.Write("config.json", config.dump());
  tensors_["classifier.weight"] = at::zeros({2, 32});
  tensors_["classifier.bias"] = at::zeros({2});
  WriteTensors();
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(folder_.path()));
  EXPECT_THAT(read.manifest.labels(), ElementsAre("LABEL_0", "LABEL_1"));
}

TEST_F(HuggingFaceFolderTest, RefusesAnotherTokenizer) {
  folder_.Write("tokenizer_config.json",
                R"({"do_lower_case": true, "keep_accents": false, "model_max_length": 512})");
  EXPECT_THAT(LoadCheckpoint(folder_.path()), IsOk());
  for (const std::string name : {"do_lower_case", "keep_accents", "add_prefix_space"}) {
    const std::string value = name == "keep_accents" ? "true" : "false";
    folder_.Write("tokenizer_config.json", "{\"" + name + "\": " + value + "}");
    EXPECT_THAT(
        LoadCheckpoint(folder_.path()),
        StatusIs(StatusCode::kInvalidArgument, HasSubstr("tokenizer_config.json: " + name + " is not")));
  }
  folder_.Write("tokenizer_config.json", "[]");
  EXPECT_THAT(LoadCheckpoint(folder_.path()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("tokenizer_config.json: not a JSON object")));
}

TEST_F(HuggingFaceFolderTest, IsNotServedWithoutAClassifier) {
  KeepTheBareEncoder();
  EXPECT_THAT(LoadCheckpoint(folder_.path()),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("classifier.")));
}

TEST_F(HuggingFaceFolderTest, IsNotServedIfItIsAMaskedLanguageModel) {
  for (const char* name : {"classifier.weight", "classifier.bias", "albert.pooler.weight"})
    tensors_.erase(name);
  tensors_["predictions.bias"] = at::zeros({800});
  WriteTensors();
  EXPECT_THAT(
      LoadCheckpoint(folder_.path()),
      StatusIs(StatusCode::kFailedPrecondition,
               AllOf(HasSubstr(folder_.path()), HasSubstr("it has no classifier (classifier.weight)"))));
}

TEST_F(HuggingFaceFolderTest, ReadsThePredictionTensorsOfTheHead) {
  ASSERT_OK_AND_ASSIGN(const TensorMap none, ReadPredictionTensors(folder_.path()));
  EXPECT_THAT(none, IsEmpty());
  tensors_["predictions.bias"] = at::arange(5, at::kFloat);
  tensors_["predictions.dense.weight"] = at::zeros({2, 3}, at::kHalf);
  tensors_["predictions.decoder.weight"] = at::zeros({5, 2});  // a copy of the word embeddings
  tensors_["predictions.decoder.bias"] = at::zeros({5});
  WriteTensors();
  ASSERT_OK_AND_ASSIGN(const TensorMap head, ReadPredictionTensors(folder_.path()));
  EXPECT_EQ(head.size(), 2u);
  EXPECT_TRUE(at::equal(head.at("predictions.bias"), at::arange(5, at::kFloat)));
  EXPECT_EQ(head.at("predictions.dense.weight").scalar_type(), at::kFloat);

  tensors_["predictions.bias"][3] = std::numeric_limits<float>::infinity();
  WriteTensors();
  EXPECT_THAT(
      ReadPredictionTensors(folder_.path()),
      StatusIs(StatusCode::kDataLoss,
               HasSubstr("model.safetensors: tensor predictions.bias has a value that is not finite")));
  folder_.Remove("model.safetensors");
  EXPECT_THAT(ReadPredictionTensors(folder_.path()),
              StatusIs(StatusCode::kDataLoss, HasSubstr("model.safetensors is missing")));
}

TEST_F(HuggingFaceFolderTest, LoadsWhatWasWritten) {
  const std::string written = dir_.File("written");
  const auto write = [&] {
    return WriteHuggingFaceFolder(written, folder_.Read("config.json"), tensors_,
                                  original_->encoder.tokenizer(), 48);
  };
  EXPECT_THAT(write(), StatusIs(StatusCode::kNotFound, HasSubstr(written + "/model.safetensors")));
  std::filesystem::create_directory(written);
  ASSERT_THAT(write(), IsOk());
  const EditableFolder folder(written);
  EXPECT_EQ(folder.Read("config.json"), folder_.Read("config.json"));
  EXPECT_EQ(Json::parse(folder.Read("tokenizer_config.json"))["model_max_length"], 48);
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(written));
  for (const auto& [name, tensor] : read.model.parameters()) {
    EXPECT_TRUE(at::equal(tensor, Original(name))) << name;
  }
  EXPECT_EQ(read.encoder.tokenizer().model_bytes(), original_->encoder.tokenizer().model_bytes());
}

TEST_F(HuggingFaceFolderTest, TrainingKeepsAMatchingHead) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint read,
                       LoadForTraining(folder_.path(), Head::kPooler, TinyLabels(), kSeed));
  for (const auto& [name, tensor] : read.model.parameters())
    EXPECT_TRUE(at::equal(tensor, Original(name))) << name;
  EXPECT_EQ(read.encoder.cleaning(), kLatestCleaning);
  EXPECT_EQ(read.encoder.max_tokens(), 64);
  EXPECT_EQ(read.encoder.tokenizer().model_bytes(), original_->encoder.tokenizer().model_bytes());
  EXPECT_THAT(read.manifest.labels(), ElementsAreArray(TinyLabels()));
  EXPECT_EQ(read.manifest.head(), "pooler");
  EXPECT_EQ(read.manifest.version(), "");
}

TEST_F(HuggingFaceFolderTest, TrainingDrawsANewHeadIfTheLabelsDifferAndLogsIt) {
  std::ostringstream log;
  SetLogStream(&log);
  const std::vector<std::string> labels = {"yes", "no"};
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadForTraining(folder_.path(), Head::kPooler, labels, kSeed));
  EXPECT_THAT(log.str(), AllOf(HasSubstr("drawn anew"), HasSubstr("differ"), HasSubstr(folder_.path())));
  const Albert drawn = Albert::Random(read.model.config(), Head::kPooler, 2, kSeed);
  EXPECT_EQ(read.model.labels(), 2);
  for (const auto& [name, tensor] : read.model.parameters()) {
    const bool is_new = name.rfind("classifier.", 0) == 0;
    EXPECT_TRUE(at::equal(tensor, is_new ? drawn.parameters().at(name) : Original(name))) << name;
  }
}

TEST_F(HuggingFaceFolderTest, TrainingDrawsANewHeadIfTheOrderOfLabelsDiffers) {
  std::ostringstream log;
  SetLogStream(&log);
  std::vector<std::string> labels = TinyLabels();
  std::reverse(labels.begin(), labels.end());
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadForTraining(folder_.path(), Head::kPooler, labels, kSeed));
  EXPECT_FALSE(at::equal(read.model.parameters().at("classifier.weight"), Original("classifier.weight")));
  EXPECT_THAT(log.str(), HasSubstr("drawn anew"));
}

TEST_F(HuggingFaceFolderTest, TrainingStartsFromABareEncoder) {
  KeepTheBareEncoder();
  std::ostringstream log;
  SetLogStream(&log);
  ASSERT_OK_AND_ASSIGN(const Checkpoint pooler,
                       LoadForTraining(folder_.path(), Head::kPooler, TinyLabels(), kSeed));
  EXPECT_THAT(log.str(), HasSubstr("the folder has none"));
  EXPECT_TRUE(
      at::equal(pooler.model.parameters().at("albert.pooler.weight"), Original("albert.pooler.weight")));
  ASSERT_OK_AND_ASSIGN(const Checkpoint cls,
                       LoadForTraining(folder_.path(), Head::kCls, TinyLabels(), kSeed));
  EXPECT_EQ(cls.model.parameters().count("albert.pooler.weight"), 0u);
  const char* name = "albert.embeddings.word_embeddings.weight";
  EXPECT_TRUE(at::equal(cls.model.parameters().at(name), Original(name)));
}

TEST_F(HuggingFaceFolderTest, TrainingDrawsAMissingPooler) {
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir_.File("models"), {"cls", Head::kCls}));
  std::ostringstream log;
  SetLogStream(&log);
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadForTraining(release, Head::kPooler, TinyLabels(), kSeed));
  const Albert drawn = Albert::Random(read.model.config(), Head::kPooler, 4, kSeed);
  for (const char* name : {"albert.pooler.weight", "classifier.weight"}) {
    EXPECT_TRUE(at::equal(read.model.parameters().at(name), drawn.parameters().at(name))) << name;
  }
}

TEST_F(HuggingFaceFolderTest, TrainingRefusesABrokenEncoder) {
  tensors_.erase("albert.embeddings.LayerNorm.bias");
  WriteTensors();
  EXPECT_THAT(LoadForTraining(folder_.path(), Head::kPooler, TinyLabels(), kSeed),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("albert.embeddings.LayerNorm.bias")));
  EXPECT_THAT(LoadForTraining(dir_.File("absent"), Head::kPooler, TinyLabels(), kSeed),
              StatusIs(StatusCode::kNotFound, HasSubstr("absent")));
}

}  // namespace
}  // namespace newsgenre
