// One test for each kind of damage to a checkpoint folder.

#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "common/checkpoint/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/common/checkpoint/editable_folder.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kTensor[] = "albert.encoder.embedding_hidden_mapping_in.bias";  // 32 values

struct BrokenCase {
  std::string name;
  std::function<void(const EditableFolder&)> damage;
  StatusCode code;
  std::string where;  // the file or tensor that the error names
  std::string what;   // the fault that the error names
};

void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }

class BrokenCheckpointTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenCheckpointTest, IsRefusedWithAnErrorThatNamesTheFault) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path()));
  const EditableFolder folder(release);
  GetParam().damage(folder);
  EXPECT_THAT(LoadCheckpoint(release),
              StatusIs(GetParam().code,
                       AllOf(HasSubstr(release), HasSubstr(GetParam().where), HasSubstr(GetParam().what))));
}

std::vector<BrokenCase> BrokenFiles() {
  std::vector<BrokenCase> cases;
  const std::vector<std::pair<std::string, std::string>> files = {
      {"Config", "config.json"},
      {"Tensors", "model.safetensors"},
      {"Vocabulary", "spiece.model"},
      {"TokenizerConfig", "tokenizer_config.json"}};
  for (const auto& file : files) {
    const std::string& name = file.second;
    cases.push_back({file.first + "Missing", [name](const EditableFolder& folder) { folder.Remove(name); },
                     StatusCode::kDataLoss, name, "is missing"});
    cases.push_back({file.first + "Truncated",
                     [name](const EditableFolder& folder) { folder.Truncate(name); }, StatusCode::kDataLoss,
                     name, "SHA-256"});
    cases.push_back({file.first + "Empty", [name](const EditableFolder& folder) { folder.Write(name, ""); },
                     StatusCode::kDataLoss, name, "SHA-256"});
    cases.push_back({file.first + "BitFlipped",
                     [name](const EditableFolder& folder) { folder.FlipABit(name); }, StatusCode::kDataLoss,
                     name, "SHA-256"});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenCheckpointTest, testing::ValuesIn(BrokenFiles()),
                         [](const auto& info) { return info.param.name; });

// Returns a case that edits the manifest.
BrokenCase InManifest(const std::string& name, const std::function<void(Json&)>& edit, StatusCode code,
                      const std::string& what) {
  return {name, [edit](const EditableFolder& folder) { folder.EditManifest(edit); }, code, "manifest.json",
          what};
}

INSTANTIATE_TEST_SUITE_P(
    Manifest, BrokenCheckpointTest,
    testing::Values(
        BrokenCase{"Missing", [](const EditableFolder& folder) { folder.Remove("manifest.json"); },
                   StatusCode::kDataLoss, "manifest.json", "is missing"},
        BrokenCase{"Truncated", [](const EditableFolder& folder) { folder.Truncate("manifest.json"); },
                   StatusCode::kDataLoss, "manifest.json", "not a manifest"},
        BrokenCase{"NotJson",
                   [](const EditableFolder& folder) { folder.Write("manifest.json", "version: 1"); },
                   StatusCode::kDataLoss, "manifest.json", "not a manifest"},
        BrokenCase{"AnArray", [](const EditableFolder& folder) { folder.Write("manifest.json", "[1]"); },
                   StatusCode::kDataLoss, "manifest.json", "not a manifest"},
        BrokenCase{
            "TooLarge",
            [](const EditableFolder& folder) { folder.Write("manifest.json", std::string(1 << 21, ' ')); },
            StatusCode::kInvalidArgument, "manifest.json", "the limit is 1048576"},
        InManifest(
            "LaterFormat", [](Json& m) { m["format_version"] = 2; }, StatusCode::kFailedPrecondition,
            "format_version is 2; this program reads 1"),
        InManifest(
            "NoFormat", [](Json& m) { m.erase("format_version"); }, StatusCode::kFailedPrecondition,
            "format_version is 0"),
        InManifest(
            "FileElsewhere", [](Json& m) { m["files"][0]["name"] = "../config.json"; }, StatusCode::kDataLoss,
            "../config.json is listed twice or is not a file of a checkpoint"),
        InManifest(
            "ExtraFile",
            [](Json& m) {
              m["files"].push_back({{"name", "notes.txt"}, {"sha256", ""}});
            },
            StatusCode::kDataLoss, "notes.txt is listed twice or is not a file of a checkpoint"),
        InManifest(
            "FileTwice", [](Json& m) { m["files"].push_back(Json(m["files"][0])); }, StatusCode::kDataLoss,
            "config.json is listed twice"),
        InManifest(
            "FileNotListed", [](Json& m) { m["files"].erase(0); }, StatusCode::kDataLoss,
            "config.json is not listed"),
        InManifest(
            "UnknownHead", [](Json& m) { m["head"] = "mean"; }, StatusCode::kInvalidArgument,
            "head is 'mean'"),
        InManifest(
            "UnknownCleaning", [](Json& m) { m["cleaning_version"] = 99; }, StatusCode::kFailedPrecondition,
            "cleaning_version is 99"),
        InManifest(
            "NegativeCleaning", [](Json& m) { m["cleaning_version"] = -1; }, StatusCode::kFailedPrecondition,
            "cleaning_version is -1"),
        InManifest(
            "MoreTokensThanPositions", [](Json& m) { m["max_tokens"] = 65; }, StatusCode::kFailedPrecondition,
            "max_tokens is 65, not 3 to max_position_embeddings, 64"),
        InManifest(
            "NoTokens", [](Json& m) { m["max_tokens"] = 2; }, StatusCode::kFailedPrecondition,
            "max_tokens is 2"),
        InManifest(
            "NoLabels", [](Json& m) { m["labels"] = Json::array(); }, StatusCode::kInvalidArgument,
            "labels has 0 names"),
        InManifest(
            "LabelTwice", [](Json& m) { m["labels"][1] = "World"; }, StatusCode::kInvalidArgument,
            "labels has World twice"),
        InManifest(
            "EmptyLabel", [](Json& m) { m["labels"][1] = ""; }, StatusCode::kInvalidArgument,
            "labels has an empty name"),
        InManifest(
            "CanaryOfAnotherModel", [](Json& m) { m["canaries"][1]["probabilities"].erase(0); },
            StatusCode::kFailedPrecondition, "canary 1 has 3 probabilities for 4 labels")),
    [](const auto& info) { return info.param.name; });

BrokenCase InTensors(const std::string& name, const std::function<void(TensorMap&)>& edit, StatusCode code,
                     const std::string& what) {
  return {name, [edit](const EditableFolder& folder) { folder.EditTensors(edit); }, code, "model.safetensors",
          what};
}

BrokenCase InTensorHeader(const std::string& name, const std::function<void(Json&)>& edit, StatusCode code,
                          const std::string& what) {
  return {name, [edit](const EditableFolder& folder) { folder.EditTensorHeader(edit); }, code,
          std::string("model.safetensors: tensor ") + kTensor, what};
}

// Moves the tensor's offsets in the header, but not its bytes.
std::function<void(Json&)> Shift(int64_t begin, int64_t end) {
  return [begin, end](Json& header) {
    Json& offsets = header[kTensor]["data_offsets"];
    offsets = {offsets[0].get<int64_t>() + begin, offsets[1].get<int64_t>() + end};
  };
}

INSTANTIATE_TEST_SUITE_P(
    Tensors, BrokenCheckpointTest,
    testing::Values(
        BrokenCase{"HeaderLongerThanFile",
                   [](const EditableFolder& folder) { folder.EditTensorHeader([](Json&) {}, 1 << 19); },
                   StatusCode::kDataLoss, "model.safetensors", "the header has"},
        BrokenCase{"TruncatedBeforeTheHash",
                   [](const EditableFolder& folder) {
                     std::string bytes = folder.Read("model.safetensors");
                     bytes.resize(bytes.size() - 4);
                     folder.Rewrite("model.safetensors", bytes);
                   },
                   StatusCode::kDataLoss, "model.safetensors", "are outside the file's"},
        InTensorHeader("OffsetsOutOfRange", Shift(int64_t{1} << 40, int64_t{1} << 40), StatusCode::kDataLoss,
                       "are outside the file's"),
        InTensorHeader("OffsetsOverlap", Shift(-4, -4), StatusCode::kDataLoss, "overlaps another"),
        InTensorHeader("OffsetsLeaveAGap", Shift(4, 4), StatusCode::kDataLoss, "leaves a gap"),
        InTensorHeader("OffsetsAgainstShape", Shift(0, -4), StatusCode::kDataLoss, "the offsets give it 124"),
        InTensorHeader(
            "WrongDtype", [](Json& header) { header[kTensor]["dtype"] = "I32"; },
            StatusCode::kInvalidArgument, "has dtype I32"),
        InTensors(
            "ShapeAgainstConfig",
            [](TensorMap& t) {
              t[kTensor] = t[kTensor].view({2, 16});
            },
            StatusCode::kFailedPrecondition, kTensor),
        InTensors(
            "UnknownTensor", [](TensorMap& t) { t["albert.adapter.weight"] = t[kTensor]; },
            StatusCode::kFailedPrecondition, "albert.adapter.weight"),
        InTensors(
            "MissingTensor", [](TensorMap& t) { t.erase(kTensor); }, StatusCode::kFailedPrecondition,
            kTensor),
        InTensors(
            "MissingHead", [](TensorMap& t) { t.erase("classifier.weight"); },
            StatusCode::kFailedPrecondition, "classifier.weight"),
        InTensors(
            "NameWithAndWithoutPrefix",
            [](TensorMap& t) { t["encoder.embedding_hidden_mapping_in.bias"] = t[kTensor]; },
            StatusCode::kFailedPrecondition,
            "encoder.embedding_hidden_mapping_in.bias comes with and without"),
        InTensors(
            "NotANumber",
            [](TensorMap& t) {
              t[kTensor] = t[kTensor].clone();
              t[kTensor].data_ptr<float>()[7] = std::numeric_limits<float>::quiet_NaN();
            },
            StatusCode::kDataLoss, kTensor)),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    PartsThatDoNotFit, BrokenCheckpointTest,
    testing::Values(
        BrokenCase{"LabelsAgainstHead",
                   [](const EditableFolder& folder) {
                     folder.EditManifest([](Json& manifest) {
                       manifest["labels"].erase(3);
                       manifest.erase("canaries");
                     });
                   },
                   StatusCode::kFailedPrecondition, "3 labels", "classifier.weight has 4 rows"},
        BrokenCase{
            "AnotherHead",
            [](const EditableFolder& folder) { folder.EditManifest([](Json& m) { m["head"] = "pooler"; }); },
            StatusCode::kFailedPrecondition, "model.safetensors", "albert.pooler."},
        BrokenCase{"VocabularyAgainstConfig",
                   [](const EditableFolder& folder) {
                     folder.EditConfig([](Json& c) { c["vocab_size"] = c["vocab_size"].get<int>() + 1; });
                   },
                   StatusCode::kFailedPrecondition, "spiece.model", "config.json says vocab_size"},
        BrokenCase{"ConfigNotJson", [](const EditableFolder& folder) { folder.Rewrite("config.json", "{"); },
                   StatusCode::kInvalidArgument, "config.json", "not a JSON object"},
        BrokenCase{"ConfigUnimplemented",
                   [](const EditableFolder& folder) {
                     folder.EditConfig([](Json& c) { c["hidden_act"] = "relu"; });
                   },
                   StatusCode::kInvalidArgument, "config.json", "hidden_act"},
        BrokenCase{"VocabularyNotSentencePiece",
                   [](const EditableFolder& folder) { folder.Rewrite("spiece.model", "not a protobuf"); },
                   StatusCode::kInvalidArgument, "spiece.model", ""}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace newsgenre
