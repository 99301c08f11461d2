#include "trainer/import/import.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file.h"
#include "common/base/flag_checks.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "common/checkpoint/manifest.h"
#include "common/checkpoint/safetensors.h"
#include "common/device/device.h"
#include "common/inference/canaries.h"
#include "common/inference/classifier.h"
#include "common/text/news_reader.h"
#include "trainer/import/foreign_tensors.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxConfigBytes = int64_t{1} << 20;
constexpr int kMaxArticleTokens = 512;  // the article's length of a text
constexpr char kClassifierWeight[] = "classifier.weight";

// https://huggingface.co/albert/albert-base-v1, config.json.
AlbertConfig AlbertBaseV1() {
  AlbertConfig config;
  config.hidden_dropout_prob = 0.1;
  config.attention_probs_dropout_prob = 0.1;
  return config;
}

absl::Status CheckVocabulary(const std::string& folder) {
  const std::string path = (fs::path(folder) / kVocabularyFile).string();
  std::error_code ignored;
  if (fs::exists(path, ignored)) return absl::OkStatus();
  return absl::NotFoundError(path +
                             " is missing: copy the SentencePiece vocabulary that the model was trained with "
                             "to this path (for the article's model, spiece.model of albert-base-v1)");
}

// Sets the manifest's fields for the article's model, except the version.
void DescribeArticle(const AlbertConfig& config, v1::Manifest* manifest) {
  manifest->set_head(std::string(HeadName(Head::kCls)));
  manifest->mutable_labels()->Assign(AgNewsLabels().begin(), AgNewsLabels().end());
  manifest->set_cleaning_version(static_cast<int>(kLatestCleaning));
  manifest->set_max_tokens(std::min(kMaxArticleTokens, config.max_position_embeddings));
}

bool HasConfig(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(fs::path(folder) / kConfigFile, ignored);
}

// Returns the context of errors: where the tensors come from and how their names and sizes were interpreted.
std::string Context(const std::string& from, const ForeignTensors& tensors) {
  if (!tensors.is_article) return from;
  return absl::StrCat(
      from, " (bert.* read as albert.*, linear.* as classifier.*",
      HasConfig(tensors.folder) ? "" : "; no config.json in its folder: sizes of albert-base-v1", ")");
}

absl::StatusOr<CheckpointParts> MakeParts(ForeignTensors tensors) {
  RETURN_IF_ERROR(CheckVocabulary(tensors.folder));
  std::string config_json = AlbertConfigJson(AlbertBaseV1(), Head::kCls, AgNewsLabels());
  if (!tensors.is_article || HasConfig(tensors.folder)) {
    ASSIGN_OR_RETURN(config_json,
                     ReadFile((fs::path(tensors.folder) / kConfigFile).string(), kMaxConfigBytes));
  }
  ASSIGN_OR_RETURN(CheckpointParts parts,
                   HuggingFaceParts(tensors.folder, config_json, std::move(tensors.tensors)));
  if (tensors.is_article) DescribeArticle(parts.config, &parts.manifest);
  return parts;
}

absl::Status WriteRelease(const std::string& out, const Checkpoint& checkpoint) {
  return PublishFolder(out, [&](const std::string& folder) -> absl::Status {
    RETURN_IF_ERROR(WriteCheckpoint(folder, checkpoint));
    ClassifierOptions plain;
    plain.device = "cpu";
    plain.path = ServingPath::kPlain;
    return Classifier::Load(folder, plain).status();
  });
}

// Checks the names and shapes of an encoder's tensors. Albert::FromTensors does this but requires a
// classifier, so a classifier of zeros is added.
absl::Status CheckEncoder(const CheckpointParts& parts) {
  TensorMap tensors = parts.tensors;
  const int labels = parts.manifest.labels_size();
  tensors[kClassifierWeight] = at::zeros({labels, parts.config.hidden_size});
  tensors["classifier.bias"] = at::zeros({labels});
  const bool has_pooler = tensors.count("albert.pooler.weight") + tensors.count("albert.pooler.bias") > 0;
  return Albert::FromTensors(parts.config, has_pooler ? Head::kPooler : Head::kCls, labels,
                             std::move(tensors))
      .status();
}

absl::Status WriteEncoder(const std::string& out, const CheckpointParts& parts) {
  const std::vector<std::string> labels(parts.manifest.labels().begin(), parts.manifest.labels().end());
  return PublishFolder(out, [&](const std::string& folder) {
    return WriteHuggingFaceFolder(folder, AlbertConfigJson(parts.config, Head::kCls, labels), parts.tensors,
                                  parts.tokenizer, parts.manifest.max_tokens());
  });
}

ImportSummary Summarize(const ForeignTensors& tensors) {
  ImportSummary summary;
  summary.files = tensors.files;
  summary.dropped = tensors.dropped;
  summary.tensors = static_cast<int>(tensors.tensors.size());
  for (const auto& [name, tensor] : tensors.tensors) summary.weights += tensor.numel();
  return summary;
}

absl::StatusOr<ImportSummary> Import(const std::string& from, const std::string& out) {
  ASSIGN_OR_RETURN(ForeignTensors tensors, ReadForeignTensors(from));
  const std::string context = Context(from, tensors);
  ImportSummary summary = Summarize(tensors);
  summary.out = out;
  absl::StatusOr<CheckpointParts> parts = MakeParts(std::move(tensors));
  if (!parts.ok()) return AddContext(parts.status(), context);
  v1::Manifest& manifest = parts->manifest;
  if (parts->tensors.count(kClassifierWeight) == 0) {
    RETURN_IF_ERROR(AddContext(CheckEncoder(*parts), context));
    RETURN_IF_ERROR(WriteEncoder(out, *parts));
    return summary;
  }
  manifest.set_version(FolderName(out));
  summary.labels.assign(manifest.labels().begin(), manifest.labels().end());
  summary.head = manifest.head();
  summary.max_tokens = manifest.max_tokens();
  absl::StatusOr<Checkpoint> checkpoint = MakeCheckpoint(*std::move(parts));
  if (!checkpoint.ok()) return AddContext(checkpoint.status(), context);
  RETURN_IF_ERROR(RecordCanaries(CanaryTexts(), &*checkpoint));
  RETURN_IF_ERROR(WriteRelease(out, *checkpoint));
  return summary;
}

// Returns at most kMaxShown names, which are untrusted. ALBERT's pre-training heads have ten.
std::string DroppedText(const std::vector<std::string>& names) {
  constexpr size_t kMaxShown = 10;
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(names.size(), kMaxShown); ++i) shown.push_back(Printable(names[i]));
  const std::string text = absl::StrJoin(shown, ", ");
  return names.size() > kMaxShown ? absl::StrCat(text, " and ", names.size() - kMaxShown, " more") : text;
}

}  // namespace

absl::Status ImportConfig::Validate() const {
  RETURN_IF_ERROR(CheckRequired("from", from));
  RETURN_IF_ERROR(CheckRequired("out", out));
  if (!IsReleaseName(FolderName(out))) {
    return absl::InvalidArgumentError("--out ends in '" + FolderName(out) +
                                      "', which can't be a release's name: 1 to 100 of A-Z a-z 0-9 . _ -, "
                                      "the first a letter or digit, and not CURRENT");
  }
  return absl::OkStatus();
}

absl::StatusOr<ImportSummary> ImportCheckpoint(const ImportConfig& config) {
  RETURN_IF_ERROR(config.Validate());
  const fs::path out = fs::path(config.out).lexically_normal();
  return CatchTorchIn(
      [&] { return Import(config.from, (out.has_filename() ? out : out.parent_path()).string()); });
}

std::string ImportText(const ImportSummary& summary) {
  std::string text = absl::StrCat("read: ", absl::StrJoin(summary.files, ", "), ": ", summary.tensors,
                                  " tensors, ", summary.weights, " weights\n");
  if (!summary.dropped.empty()) absl::StrAppend(&text, "left out: ", DroppedText(summary.dropped), "\n");
  if (summary.labels.empty()) {
    return absl::StrCat(text, "wrote: ", summary.out, ", an encoder without a classifier, for --init_from\n");
  }
  return absl::StrCat(text, "wrote: ", summary.out, ", a release with the labels ",
                      absl::Utf8SafeCHexEscape(absl::StrJoin(summary.labels, ", ")), ", the ", summary.head,
                      " head and at most ", summary.max_tokens, " tokens per text\n");
}

}  // namespace newsgenre
