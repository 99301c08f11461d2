#include "trainer/import/import.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "common/inference/classifier.h"
#include "common/text/news_reader.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/import/import_fixture.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

TEST_F(ImportTest, WritesAReleaseOfTheArticlesModel) {
  const EditableFolder folder = Copy("article");
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.File("article.pt")));
  EXPECT_THAT(summary.files, ElementsAre("article.pt"));
  EXPECT_EQ(summary.tensors, 25);
  EXPECT_THAT(summary.dropped, UnorderedElementsAre("bert.pooler.weight", "bert.pooler.bias"));
  EXPECT_EQ(summary.out, out_);
  EXPECT_THAT(summary.labels, ElementsAreArray(AgNewsLabels()));
  EXPECT_EQ(summary.head, "cls");
  EXPECT_EQ(summary.max_tokens, 32);
  EXPECT_THAT(ImportText(summary), AllOf(HasSubstr("25 tensors"), HasSubstr("left out: bert.pooler"),
                                         HasSubstr("World, Sports, Business, Sci/Tech")));

  EXPECT_THAT(FilesOf(out_), UnorderedElementsAre("config.json", "model.safetensors", "spiece.model",
                                                  "tokenizer_config.json", "manifest.json"));
  EXPECT_THAT(FilesOf(dir_.path()), UnorderedElementsAre("article", kImportedName));
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(out_));
  ExpectLogits(read.model, "article");
  EXPECT_EQ(read.manifest.version(), kImportedName);
  EXPECT_THAT(read.manifest.labels(), ElementsAreArray(AgNewsLabels()));
  EXPECT_EQ(read.encoder.cleaning(), kLatestCleaning);
  EXPECT_EQ(read.encoder.max_tokens(), 32);
  EXPECT_EQ(read.manifest.canaries_size(), 6);
}

TEST_F(ImportTest, WritesAReleaseThatCanBeServed) {
  const EditableFolder folder = Copy("article");
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.File("article.pt")));
  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(out_, {"cpu", "fp32"}));
  ASSERT_OK_AND_ASSIGN(const Encoding text, classifier->encoder().Encode("A summit."));
  EXPECT_THAT(classifier->Predict({&text}), IsOk());
}

TEST_F(ImportTest, ReadsTheOlderFormatWithHalfPrecisionDataParallelAndViews) {
  const EditableFolder folder = Copy("article");
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.File("older_half.pt")));
  EXPECT_THAT(summary.dropped, Contains("module.bert.embeddings.position_ids"));
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(out_));
  ExpectLogits(read.model, "older_half");
}

TEST_F(ImportTest, ReadsFoldersOfASequenceClassifier) {
  const EditableFolder bin = Copy("bin"), sharded = Copy("sharded");
  for (const std::string& from : {bin.path(), bin.path() + "/", bin.File("pytorch_model.bin"), sharded.path(),
                                  sharded.File("model.safetensors.index.json")}) {
    ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(from));
    EXPECT_EQ(summary.files.size(), from.find("sharded") == std::string::npos ? 1u : 2u);
    EXPECT_THAT(summary.dropped, IsEmpty());
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(out_));
    ExpectLogits(read.model, "pooler");
    EXPECT_THAT(read.manifest.labels(), ElementsAre("red", "green", "blue", "grey"));
    EXPECT_EQ(read.manifest.head(), "pooler");
    EXPECT_EQ(read.encoder.cleaning(), CleaningVersion::kNone);
    EXPECT_EQ(read.encoder.max_tokens(), 32);
    EXPECT_EQ(read.manifest.canaries_size(), 6);
    std::filesystem::remove_all(out_);
  }
}

TEST_F(ImportTest, ReadsAnIndexOfTorchSaveFiles) {
  const EditableFolder folder = Copy("bin");
  const Json shards = Json::parse(Copy("sharded").Read("model.safetensors.index.json"));
  std::filesystem::rename(folder.File("pytorch_model.bin"), folder.File("pytorch_model-00001-of-00001.bin"));
  Json index;
  for (const auto& [name, file] : shards["weight_map"].items()) {
    index["weight_map"][name] = "pytorch_model-00001-of-00001.bin";
  }
  folder.Write("pytorch_model.bin.index.json", index.dump());
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.path()));
  EXPECT_THAT(summary.files, ElementsAre("pytorch_model-00001-of-00001.bin"));
  EXPECT_EQ(summary.tensors, 27);
}

TEST_F(ImportTest, WritesAnEncoderOfAMaskedLanguageModel) {
  const EditableFolder folder = Copy("masked_lm");
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.path()));
  EXPECT_THAT(summary.labels, IsEmpty());
  EXPECT_THAT(summary.dropped, Contains("predictions.dense.weight"));
  EXPECT_THAT(ImportText(summary), HasSubstr("without a classifier"));
  EXPECT_THAT(FilesOf(out_), UnorderedElementsAre("config.json", "model.safetensors", "spiece.model",
                                                  "tokenizer_config.json"));

  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadForTraining(out_, Head::kCls, TinyLabels(), 1));
  // With an identity matrix as the classifier, the logits are the last layer's first row.
  TensorMap tensors = read.model.parameters();
  tensors["classifier.weight"] = at::eye(8);
  tensors["classifier.bias"] = at::zeros({8});
  ASSERT_OK_AND_ASSIGN(const Albert bare, Albert::FromTensors(read.model.config(), Head::kCls, 8, tensors));
  ExpectLogits(bare, "masked_lm");
}

TEST_F(ImportTest, KeepsThePoolerOfABareEncoder) {
  const EditableFolder folder = Copy("masked_lm");
  TensorMap bare;
  for (auto& [name, tensor] : ArticleTensors()) {
    if (name.rfind("bert.", 0) == 0) bare[name.substr(5)] = tensor;
  }
  folder.Write("model.safetensors", SerializeSafetensors({bare, {}}));
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary, Import(folder.path()));
  EXPECT_THAT(summary.labels, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadForTraining(out_, Head::kPooler, TinyLabels(), 1));
  EXPECT_EQ(read.model.parameters().count("albert.pooler.weight"), 1u);

  bare.erase("encoder.embedding_hidden_mapping_in.bias");
  folder.Write("model.safetensors", SerializeSafetensors({bare, {}}));
  EXPECT_THAT(
      ImportCheckpoint({folder.path(), dir_.File("second")}),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("encoder.embedding_hidden_mapping_in.bias")));
}

TEST(ImportTextTest, NamesAtMostTenTensorsThatWereLeftOut) {
  ImportSummary summary;
  summary.labels = {"\x1b[2J", "Économie"};
  summary.dropped = std::vector<std::string>(9, "predictions.bias");
  summary.dropped.emplace_back("predictions.\x1b[2J");
  EXPECT_THAT(ImportText(summary), AllOf(HasSubstr("predictions.bias, predictions.\\x1b[2J\n"),
                                         HasSubstr("the labels \\x1b[2J, Économie, the")));
  summary.dropped.resize(300, "predictions.more");
  EXPECT_THAT(ImportText(summary), AllOf(HasSubstr("2J and 290 more\n"), Not(HasSubstr("predictions.more"))));
}

TEST_F(ImportTest, AcceptsASlashAtTheEndOfOut) {
  const EditableFolder folder = Copy("article");
  ASSERT_OK_AND_ASSIGN(const ImportSummary summary,
                       ImportCheckpoint({folder.File("article.pt"), out_ + "/"}));
  EXPECT_EQ(summary.out, out_);
  EXPECT_THAT(LoadCheckpoint(out_), IsOk());
}

}  // namespace
}  // namespace newsgenre
