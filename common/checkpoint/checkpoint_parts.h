// Reads a checkpoint folder, ours or Hugging Face's, up to the network: what loading for serving and for
// training have in common.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/tokenizer.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kTensorFile[] = "model.safetensors";
inline constexpr char kVocabularyFile[] = "spiece.model";
inline constexpr char kTokenizerFile[] = "tokenizer_config.json";
inline constexpr char kManifestFile[] = "manifest.json";
inline constexpr const char* kListedFiles[] = {kConfigFile, kTensorFile, kVocabularyFile, kTokenizerFile};

// The metadata entry of a tensor file that has a manifest beside it. Without the manifest such a folder would
// look like a plain Hugging Face one, and its texts would no longer be cleaned.
inline constexpr char kManifestMark[] = "newsgenre";

// The limit of a file of tensors.
inline constexpr int64_t kMaxTensorBytes = int64_t{1} << 32;

struct CheckpointParts {
  AlbertConfig config;
  Tokenizer tokenizer;
  // By the names of AlbertForSequenceClassification ("albert." is put before those of a bare AlbertModel),
  // without what other ALBERT architectures carry besides (predictions.*, sop_classifier.*, position_ids).
  // All values are finite.
  TensorMap tensors;
  // For a plain Hugging Face folder what is known of it: labels from id2label, head "pooler", no cleaning,
  // all positions, the folder's name as the version.
  v1::Manifest manifest;
};

// Checks every file's SHA-256 where there is a manifest, and that the vocabulary has the config's size.
// Statuses as LoadCheckpoint's.
absl::StatusOr<CheckpointParts> ReadCheckpointParts(const std::string& folder);

// The same for a plain Hugging Face folder of which the caller has read config.json and the tensors.
absl::StatusOr<CheckpointParts> HuggingFaceParts(const std::string& folder, const std::string& config_json,
                                                 TensorMap tensors);

// Reads what a Hugging Face folder's model.safetensors has of a masked-language model's head, by the names of
// AlbertForMaskedLM; nothing where it has none. Statuses as LoadCheckpoint's.
absl::StatusOr<TensorMap> ReadPredictionTensors(const std::string& folder);

// Writes a plain Hugging Face folder's four files into `folder`, which exists; config.json, by which it is
// known, last.
absl::Status WriteHuggingFaceFolder(const std::string& folder, const std::string& config_json,
                                    const TensorMap& tensors, const Tokenizer& tokenizer, int max_tokens);

// Whether the tensor is not one of those that CheckpointParts::tensors lacks.
bool IsWantedTensor(const std::string& name);

// Gives the tensors the names of AlbertForSequenceClassification. DATA_LOSS names one with a value that is
// not finite, FAILED_PRECONDITION one that comes under two names.
absl::StatusOr<TensorMap> CanonicalTensors(const TensorMap& tensors);

// The last part of a path, with or without a slash at its end.
std::string FolderName(const std::string& folder);

}  // namespace newsgenre
