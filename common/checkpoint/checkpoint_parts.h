// Reads the parts of a checkpoint folder, this project's or Hugging Face's, without building the network.
// Loading for serving and loading for training share this.
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
// The files that a manifest lists.
inline constexpr const char* kListedFiles[] = {kConfigFile, kTensorFile, kVocabularyFile, kTokenizerFile};

// The metadata entry that marks a tensor file of a folder with a manifest. Without it, a folder that lost its
// manifest would pass for a plain Hugging Face folder, and its texts would no longer be cleaned.
inline constexpr char kManifestMark[] = "newsgenre";

// The size limit of a tensor file.
inline constexpr int64_t kMaxTensorBytes = int64_t{1} << 32;

struct CheckpointParts {
  AlbertConfig config;
  Tokenizer tokenizer;
  // Named as in AlbertForSequenceClassification: names of a bare AlbertModel get the prefix "albert.".
  // Without the tensors of other ALBERT architectures (predictions.*, sop_classifier.*, position_ids). All
  // values are finite.
  TensorMap tensors;
  // For a plain Hugging Face folder: the labels of id2label, head "pooler", no cleaning, max_tokens equal to
  // max_position_embeddings, the folder's name as the version.
  v1::Manifest manifest;
};

// Reads a checkpoint folder. Checks every file's SHA-256 if there is a manifest, and that the vocabulary has
// the config's size. Errors as in LoadCheckpoint.
absl::StatusOr<CheckpointParts> ReadCheckpointParts(const std::string& folder);

// Reads the rest of a plain Hugging Face folder whose config.json and tensors the caller has read.
absl::StatusOr<CheckpointParts> HuggingFaceParts(const std::string& folder, const std::string& config_json,
                                                 TensorMap tensors);

// Reads a masked-language model's head from a Hugging Face folder's model.safetensors, by the names of
// AlbertForMaskedLM. Returns nothing if the file has no such head. Errors as in LoadCheckpoint.
absl::StatusOr<TensorMap> ReadPredictionTensors(const std::string& folder);

// Writes the four files of a plain Hugging Face folder into the existing `folder`. Writes config.json last,
// because it marks the folder as a checkpoint.
absl::Status WriteHuggingFaceFolder(const std::string& folder, const std::string& config_json,
                                    const TensorMap& tensors, const Tokenizer& tokenizer, int max_tokens);

// Returns whether CheckpointParts::tensors keeps a tensor of this name.
bool IsWantedTensor(const std::string& name);

// Renames the tensors to the names of AlbertForSequenceClassification. Returns DATA_LOSS if a value is not
// finite, FAILED_PRECONDITION if two tensors get the same name.
absl::StatusOr<TensorMap> CanonicalTensors(const TensorMap& tensors);

// Returns the last component of a path, with or without a trailing slash.
std::string FolderName(const std::string& folder);

}  // namespace newsgenre
