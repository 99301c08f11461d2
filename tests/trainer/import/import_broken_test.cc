// Tests errors of ImportCheckpoint.

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <filesystem>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/import/import_fixture.h"
#include "trainer/import/import.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using BrokenImportTest = ImportTest;

TEST_F(BrokenImportTest, NamesThePathOfAMissingVocabulary) {
  const EditableFolder folder = Copy("article");
  folder.Remove("spiece.model");
  EXPECT_THAT(
      Import(folder.File("article.pt")),
      StatusIs(StatusCode::kNotFound, AllOf(HasSubstr(folder.File("spiece.model") + " is missing: copy"),
                                            HasSubstr("spiece.model of albert-base-v1"))));
}

TEST_F(BrokenImportTest, UsesSizesOfAlbertBaseForTheArticlesModelWithoutAConfig) {
  const EditableFolder folder = Copy("article");
  folder.Remove("config.json");
  EXPECT_THAT(Import(folder.File("article.pt")),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("no config.json in its folder: sizes of albert-base-v1"),
                             HasSubstr("60 pieces"), HasSubstr("30000"))));
  folder.Write("spiece.model", Vocabulary(30000));
  EXPECT_THAT(Import(folder.File("article.pt")),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("tensor albert.embeddings"), HasSubstr("128"))));
}

TEST_F(BrokenImportTest, RefusesAHuggingFaceFolderWithoutAConfig) {
  const EditableFolder folder = Copy("bin");
  folder.Remove("config.json");
  EXPECT_THAT(Import(folder.path()), StatusIs(StatusCode::kNotFound, HasSubstr("config.json")));
}

TEST_F(BrokenImportTest, NamesTheTensorThatDoesNotFit) {
  const struct {
    std::string name;
    at::Tensor tensor;  // if undefined, the tensor is removed
    StatusCode code;
    std::string message;
  } cases[] = {
      {"bert.embeddings.LayerNorm.bias",
       {},
       StatusCode::kFailedPrecondition,
       "albert.embeddings.LayerNorm.bias"},
      {"linear.bias", at::zeros({5}), StatusCode::kFailedPrecondition, "classifier.bias"},
      {"linear.weight", at::zeros({5, 8}), StatusCode::kFailedPrecondition, "classifier.weight has 5 rows"},
      {"lstm.weight", at::zeros({5}), StatusCode::kFailedPrecondition, "lstm.weight"},
      {"module.linear.bias", at::zeros({4}), StatusCode::kFailedPrecondition,
       "linear.bias occurs under two names"},
      {"linear.bias", at::tensor({1.f, 2.f, 3.f, std::numeric_limits<float>::infinity()}),
       StatusCode::kDataLoss, "classifier.bias has a value that is not finite"}};
  for (const auto& each : cases) {
    TensorMap tensors = ArticleTensors();
    tensors.erase(each.name);
    if (each.tensor.defined()) tensors[each.name] = each.tensor;
    const std::string file = FileOf(tensors);
    EXPECT_THAT(Import(file), StatusIs(each.code, AllOf(HasSubstr(file), HasSubstr(each.message))));
    std::filesystem::remove_all(dir_.File("article"));
  }
  EXPECT_THAT(FilesOf(dir_.path()), IsEmpty());
}

TEST_F(BrokenImportTest, NamesTheWrongShard) {
  const std::string first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors";
  const struct {
    Json file;  // of classifier.bias in the index; null if it has none
    StatusCode code;
    std::string message;
  } cases[] = {{"../" + first, StatusCode::kInvalidArgument, "for tensor classifier.bias, not the name of"},
               {"/etc/passwd", StatusCode::kInvalidArgument, "/etc/passwd"},
               {"..", StatusCode::kInvalidArgument, "classifier.bias"},
               {"config.json", StatusCode::kInvalidArgument, "classifier.bias"},
               {7, StatusCode::kInvalidArgument, "weight_map has number for tensor"},
               {"\x1b[2J.bin", StatusCode::kInvalidArgument, "weight_map has \\x1b[2J.bin"},
               {"absent.bin", StatusCode::kNotFound, "absent.bin"},
               {nullptr, StatusCode::kDataLoss, "but the index does not list it there"}};
  const EditableFolder folder = Copy("sharded");
  const Json index = Json::parse(folder.Read("model.safetensors.index.json"));
  const std::string actual = index["weight_map"]["classifier.bias"];
  const auto import_with = [&](const Json& changed) {
    folder.Write("model.safetensors.index.json", changed.dump());
    return Import(folder.path());
  };
  for (const auto& each : cases) {
    Json changed = index;
    if (each.file.is_null())
      changed["weight_map"].erase("classifier.bias");
    else
      changed["weight_map"]["classifier.bias"] = each.file;
    EXPECT_THAT(import_with(changed), StatusIs(each.code, HasSubstr(each.message)));
  }
  Json swapped = index, extra = index;
  swapped["weight_map"]["classifier.bias"] = actual == first ? second : first;
  EXPECT_THAT(import_with(swapped),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("classifier.bias"), HasSubstr(actual))));
  extra["weight_map"]["more.weight"] = first;
  EXPECT_THAT(
      import_with(extra),
      StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("more.weight is missing from"), HasSubstr(first))));
  EXPECT_THAT(import_with("text"), StatusIs(StatusCode::kDataLoss, HasSubstr("not a JSON object")));
  EXPECT_THAT(import_with({{"weight_map", 1}}),
              StatusIs(StatusCode::kDataLoss, HasSubstr("it has no object 'weight_map'")));
}

TEST_F(BrokenImportTest, RefusesADeeplyNestedIndex) {
  const EditableFolder folder = Copy("sharded");
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  folder.Write("model.safetensors.index.json", "{\"weight_map\":{\"a\":" + deep + "}}");
  EXPECT_THAT(
      Import(folder.path()),
      StatusIs(StatusCode::kDataLoss, HasSubstr("model.safetensors.index.json: nested deeper than 32")));
}

TEST_F(BrokenImportTest, EscapesNamesForATerminal) {
  const EditableFolder folder = Copy("sharded");
  Json index = Json::parse(folder.Read("model.safetensors.index.json"));
  index["weight_map"]["\x1b[2J"] = index["weight_map"]["classifier.bias"];
  folder.Write("model.safetensors.index.json", index.dump());
  EXPECT_THAT(Import(folder.path()),
              StatusIs(StatusCode::kDataLoss, HasSubstr("tensor \\x1b[2J is missing from")));
  index["weight_map"]["\x1b[2J"] = 7;
  folder.Write("model.safetensors.index.json", index.dump());
  EXPECT_THAT(Import(folder.path()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("for tensor \\x1b[2J, not the name")));
}

TEST_F(BrokenImportTest, NamesMissingFiles) {
  EXPECT_THAT(Import(dir_.File("absent.pt")), StatusIs(StatusCode::kNotFound, HasSubstr("absent.pt")));
  const EditableFolder empty(dir_.File("empty"));
  EXPECT_THAT(Import(empty.path()),
              StatusIs(StatusCode::kNotFound, HasSubstr("empty has none of model.safetensors, ")));
}

TEST_F(BrokenImportTest, NamesTheBrokenFile) {
  const EditableFolder folder = Copy("article");
  folder.FlipABit("article.pt");
  EXPECT_THAT(Import(folder.File("article.pt")), StatusIs(StatusCode::kDataLoss, HasSubstr("article.pt: ")));
  folder.Write("article.pt", "text");
  EXPECT_THAT(Import(folder.File("article.pt")),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("article.pt: not a file"), HasSubstr("torch.load"))));
}

TEST_F(BrokenImportTest, RefusesARelease) {
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir_.File("models")));
  EXPECT_THAT(Import(release), StatusIs(StatusCode::kInvalidArgument, HasSubstr("needs no import")));
}

TEST_F(BrokenImportTest, NeverOverwrites) {
  const EditableFolder folder = Copy("article"), out(out_);
  out.Write("mine", "");
  EXPECT_THAT(Import(folder.File("article.pt")), StatusIs(StatusCode::kAlreadyExists, HasSubstr(out_)));
  EXPECT_THAT(FilesOf(dir_.path()), UnorderedElementsAre("article", kImportedName));
  EXPECT_THAT(FilesOf(out_), ElementsAre("mine"));
}

TEST(ImportConfigTest, NamesTheFirstInvalidFlag) {
  EXPECT_THAT((ImportConfig{"a", "b"}.Validate()), IsOk());
  EXPECT_THAT((ImportConfig{"", "b"}.Validate()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--from is required")));
  EXPECT_THAT((ImportConfig{"a", ""}.Validate()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--out is required")));
  EXPECT_THAT((ImportConfig{"a", "x/CURRENT"}.Validate()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--out ends in 'CURRENT'")));
}

}  // namespace
}  // namespace newsgenre
