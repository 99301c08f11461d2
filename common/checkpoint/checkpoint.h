// A checkpoint folder: config.json, model.safetensors, spiece.model, tokenizer_config.json, manifest.json.
// Hugging Face tools can open it too. A plain Hugging Face folder, which has no manifest, is a checkpoint as
// well. A model folder holds checkpoint folders, its releases, and a file CURRENT that names one of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/text_encoder.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

struct CheckpointParts;

struct Checkpoint {
  Albert model;  // on the CPU after loading
  TextEncoder encoder;
  // For a plain Hugging Face folder: the labels of id2label, head "pooler", no cleaning, the folder's name as
  // the version, no canaries.
  v1::Manifest manifest;
};

// Returns the checkpoint folder for `path`: the release that its CURRENT names, or `path` itself if it is a
// checkpoint folder. Returns NOT_FOUND if there is no model, DATA_LOSS if CURRENT names no release.
absl::StatusOr<std::string> ResolveModelDir(const std::string& path);

// Reads a checkpoint and checks it: the SHA-256 of every file against the manifest, the config, the tensors,
// and the labels against the head. Every error names the folder and, if possible, the file, tensor or field.
// Returns
//   NOT_FOUND if the folder does not exist,
//   DATA_LOSS for missing, truncated or changed files, and for values that are not finite,
//   FAILED_PRECONDITION for parts that do not match each other or this program (format version, shapes),
//   INVALID_ARGUMENT for features that are not implemented,
//   RESOURCE_EXHAUSTED if there is too little memory.
absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& path);

// Builds a checkpoint from its parts. Returns FAILED_PRECONDITION if a tensor is wrong, the classifier is
// missing, or its number of labels differs from the manifest's.
absl::StatusOr<Checkpoint> MakeCheckpoint(CheckpointParts parts);

// Reads a checkpoint that training starts from. If its head is missing, or differs in kind or labels, draws a
// new head from `seed` and logs that. The encoder's cleaning is kLatestCleaning. The manifest holds only the
// labels and the head. Errors as in LoadCheckpoint.
absl::StatusOr<Checkpoint> LoadForTraining(const std::string& path, Head head,
                                           const std::vector<std::string>& labels, uint64_t seed);

// Writes the five files into the existing `folder`, the manifest last. The written manifest has the version,
// labels, metrics, canaries and recipe of checkpoint.manifest; its other fields describe the model, the
// encoder and the files.
absl::Status WriteCheckpoint(const std::string& folder, const Checkpoint& checkpoint);

// Writes the release MODEL_DIR/<manifest.version>, reads it back, points MODEL_DIR/CURRENT to it, and returns
// its folder. Returns ALREADY_EXISTS if the release exists, INVALID_ARGUMENT if IsReleaseName refuses the
// version. After an error the release does not exist, with one exception: if only CURRENT cannot be written,
// the release is complete and can be served by its own path, and CURRENT is unchanged.
absl::StatusOr<std::string> PublishCheckpoint(const std::string& model_dir, const Checkpoint& checkpoint);

// Points MODEL_DIR/CURRENT to an existing release.
absl::Status SetCurrent(const std::string& model_dir, const std::string& version);

}  // namespace newsgenre
