#include "common/checkpoint/checkpoint_parts.h"

#include <ATen/ops/isfinite.h>

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/file.h"
#include "common/base/json_object.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/manifest.h"
#include "common/checkpoint/safetensors.h"
#include "common/text/clean_text.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxJsonBytes = int64_t{1} << 20;
constexpr int64_t kMaxVocabularyBytes = int64_t{1} << 26;

using FileBytes = std::map<std::string, std::string>;

absl::StatusOr<std::string> ReadPart(const std::string& folder, const std::string& name) {
  const int64_t limit = name == kTensorFile       ? kMaxTensorBytes
                        : name == kVocabularyFile ? kMaxVocabularyBytes
                                                  : kMaxJsonBytes;
  absl::StatusOr<std::string> bytes = ReadFile(folder + "/" + name, limit);
  if (absl::IsNotFound(bytes.status())) return absl::DataLossError(name + " is missing");
  return bytes;
}

// Checks that the manifest lists exactly the files of a checkpoint. No listed name is used as a path before
// this check.
absl::Status CheckFileList(const v1::Manifest& manifest) {
  std::set<std::string> missing(std::begin(kListedFiles), std::end(kListedFiles));
  for (const v1::FileEntry& file : manifest.files()) {
    if (missing.erase(file.name()) == 0) {
      return absl::DataLossError(Printable(file.name()) +
                                 " is listed twice or is not a file of a checkpoint");
    }
  }
  if (!missing.empty()) return absl::DataLossError(*missing.begin() + " is not listed");
  return absl::OkStatus();
}

absl::StatusOr<FileBytes> ReadListedFiles(const std::string& folder, const v1::Manifest& manifest) {
  RETURN_IF_ERROR(AddContext(CheckFileList(manifest), kManifestFile));
  FileBytes files;
  for (const v1::FileEntry& file : manifest.files()) {
    ASSIGN_OR_RETURN(std::string bytes, ReadPart(folder, file.name()));
    if (const std::string sha256 = Sha256(bytes); sha256 != file.sha256()) {
      return absl::DataLossError(file.name() + " was changed: its SHA-256 is " + sha256 +
                                 ", the manifest says " + file.sha256());
    }
    files[file.name()] = std::move(bytes);
  }
  return files;
}

// Checks that a Hugging Face folder's tokenizer is the implemented one.
absl::Status CheckTokenizerConfig(const std::string& json) {
  const absl::StatusOr<nlohmann::json> config = ParseJsonObject(json);
  if (!config.ok()) return absl::InvalidArgumentError(config.status().message());
  const std::pair<const char*, bool> implemented[] = {
      {"do_lower_case", true}, {"keep_accents", false}, {"add_prefix_space", true}};
  for (const auto& [name, value] : implemented) {
    if (config->contains(name) && (*config)[name] != value) {
      return absl::InvalidArgumentError(std::string(name) + " is not " + (value ? "true" : "false") +
                                        ", the only value that is implemented");
    }
  }
  return absl::OkStatus();
}

// Returns the names in id2label, such as {"0": "World"}, in the order of their numbers. A config without
// id2label has two labels, as in transformers.
absl::StatusOr<std::vector<std::string>> LabelsOfConfig(const std::string& config_json) {
  ASSIGN_OR_RETURN(const nlohmann::json config, ParseJsonObject(config_json));
  if (!config.contains("id2label")) return std::vector<std::string>{"LABEL_0", "LABEL_1"};
  const nlohmann::json& names = config["id2label"];
  std::vector<std::string> labels;
  for (size_t id = 0; id < names.size(); ++id) {
    const std::string key = std::to_string(id);
    if (!names.is_object() || !names.contains(key) || !names[key].is_string()) {
      return absl::InvalidArgumentError("id2label has no name for " + key);
    }
    labels.push_back(names[key].get<std::string>());
  }
  return labels;
}

absl::StatusOr<v1::Manifest> DescribeHuggingFaceFolder(const std::string& folder,
                                                       const std::string& config_json,
                                                       const AlbertConfig& config) {
  ASSIGN_OR_RETURN(const std::vector<std::string> labels, LabelsOfConfig(config_json));
  v1::Manifest manifest;
  manifest.set_format_version(kManifestFormatVersion);
  manifest.set_version(FolderName(folder));
  manifest.mutable_labels()->Add(labels.begin(), labels.end());
  manifest.set_head(std::string(HeadName(Head::kPooler)));
  manifest.set_cleaning_version(static_cast<int>(CleaningVersion::kNone));
  manifest.set_max_tokens(config.max_position_embeddings);
  return manifest;
}

std::string CanonicalName(const std::string& name) {
  const bool bare = absl::StartsWith(name, "embeddings.") || absl::StartsWith(name, "encoder.") ||
                    absl::StartsWith(name, "pooler.");
  return bare ? "albert." + name : name;
}

absl::StatusOr<TensorMap> ReadTensors(const std::string& bytes, bool has_manifest) {
  ASSIGN_OR_RETURN(const Safetensors file, ParseSafetensors(bytes, IsWantedTensor));
  if (!has_manifest && file.metadata.count(kManifestMark) > 0) {
    return absl::DataLossError("its manifest.json is missing");
  }
  return CanonicalTensors(file.tensors);
}

absl::StatusOr<Tokenizer> ReadVocabulary(const std::string& bytes, const AlbertConfig& config) {
  ASSIGN_OR_RETURN(Tokenizer tokenizer, Tokenizer::FromBytes(bytes));
  if (tokenizer.vocab_size() != config.vocab_size) {
    return absl::FailedPreconditionError("it has " + std::to_string(tokenizer.vocab_size()) +
                                         " pieces, config.json says vocab_size " +
                                         std::to_string(config.vocab_size));
  }
  return tokenizer;
}

// Returns `value`, with the file's name prepended to an error's message.
template <typename T>
absl::StatusOr<T> InFile(const char* name, absl::StatusOr<T> value) {
  if (!value.ok()) return AddContext(value.status(), name);
  return value;
}

absl::StatusOr<CheckpointParts> ReleaseParts(const std::string& folder, const std::string& manifest_json) {
  ASSIGN_OR_RETURN(v1::Manifest manifest, InFile(kManifestFile, ParseManifest(manifest_json)));
  ASSIGN_OR_RETURN(FileBytes files, ReadListedFiles(folder, manifest));
  ASSIGN_OR_RETURN(const AlbertConfig config, InFile(kConfigFile, ParseAlbertConfig(files[kConfigFile])));
  ASSIGN_OR_RETURN(TensorMap tensors,
                   InFile(kTensorFile, ReadTensors(files[kTensorFile], /*has_manifest=*/true)));
  ASSIGN_OR_RETURN(Tokenizer tokenizer,
                   InFile(kVocabularyFile, ReadVocabulary(files[kVocabularyFile], config)));
  RETURN_IF_ERROR(AddContext(CheckManifest(manifest, config), kManifestFile));
  return CheckpointParts{config, std::move(tokenizer), std::move(tensors), std::move(manifest)};
}

}  // namespace

std::string FolderName(const std::string& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

bool IsWantedTensor(const std::string& name) {
  return !absl::StartsWith(name, "predictions.") && !absl::StartsWith(name, "sop_classifier.") &&
         !absl::EndsWith(name, "position_ids");
}

absl::StatusOr<TensorMap> CanonicalTensors(const TensorMap& tensors) {
  TensorMap canonical;
  for (const auto& [name, tensor] : tensors) {
    if (!at::isfinite(tensor).all().item<bool>()) {
      return absl::DataLossError("tensor " + Printable(name) + " has a value that is not finite");
    }
    if (!canonical.emplace(CanonicalName(name), tensor).second) {
      return absl::FailedPreconditionError("tensor " + Printable(name) +
                                           " comes with and without albert. before its name");
    }
  }
  return canonical;
}

absl::StatusOr<CheckpointParts> HuggingFaceParts(const std::string& folder, const std::string& config_json,
                                                 TensorMap tensors) {
  ASSIGN_OR_RETURN(const AlbertConfig config, InFile(kConfigFile, ParseAlbertConfig(config_json)));
  ASSIGN_OR_RETURN(const std::string vocabulary, ReadPart(folder, kVocabularyFile));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, InFile(kVocabularyFile, ReadVocabulary(vocabulary, config)));
  const absl::StatusOr<std::string> tokenizer_config = ReadPart(folder, kTokenizerFile);
  if (tokenizer_config.ok())
    RETURN_IF_ERROR(AddContext(CheckTokenizerConfig(*tokenizer_config), kTokenizerFile));
  ASSIGN_OR_RETURN(v1::Manifest manifest,
                   InFile(kConfigFile, DescribeHuggingFaceFolder(folder, config_json, config)));
  RETURN_IF_ERROR(AddContext(CheckManifest(manifest, config), kConfigFile));
  return CheckpointParts{config, std::move(tokenizer), std::move(tensors), std::move(manifest)};
}

absl::StatusOr<TensorMap> ReadPredictionTensors(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadPart(folder, kTensorFile));
  const auto is_wanted = [](const std::string& name) {
    return absl::StartsWith(name, "predictions.") && !absl::StartsWith(name, "predictions.decoder.");
  };
  ASSIGN_OR_RETURN(const Safetensors file, InFile(kTensorFile, ParseSafetensors(bytes, is_wanted)));
  return InFile(kTensorFile, CanonicalTensors(file.tensors));
}

absl::Status WriteHuggingFaceFolder(const std::string& folder, const std::string& config_json,
                                    const TensorMap& tensors, const Tokenizer& tokenizer, int max_tokens) {
  const std::pair<const char*, std::string> files[] = {
      {kTensorFile, SerializeSafetensors({tensors, {{"format", "pt"}}})},
      {kVocabularyFile, tokenizer.model_bytes()},
      {kTokenizerFile, TokenizerConfigJson(max_tokens)},
      {kConfigFile, config_json}};
  for (const auto& [name, bytes] : files) {
    RETURN_IF_ERROR(WriteFileAtomic(folder + "/" + name, bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckpointParts> ReadCheckpointParts(const std::string& folder) {
  const absl::StatusOr<std::string> manifest_json = ReadFile(folder + "/" + kManifestFile, kMaxJsonBytes);
  if (manifest_json.ok()) return ReleaseParts(folder, *manifest_json);
  if (!absl::IsNotFound(manifest_json.status())) return manifest_json.status();

  ASSIGN_OR_RETURN(const std::string config_json, ReadPart(folder, kConfigFile));
  ASSIGN_OR_RETURN(const std::string bytes, ReadPart(folder, kTensorFile));
  ASSIGN_OR_RETURN(TensorMap tensors, InFile(kTensorFile, ReadTensors(bytes, /*has_manifest=*/false)));
  return HuggingFaceParts(folder, config_json, std::move(tensors));
}

}  // namespace newsgenre
