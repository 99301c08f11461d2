// A checkpoint folder: config.json, model.safetensors, spiece.model, tokenizer_config.json, manifest.json.
// Hugging Face tools open it too; a plain Hugging Face folder (no manifest) is read as well. A model folder
// holds such folders as releases and a file CURRENT that names one of them.
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
  Albert model;  // on the CPU when loaded
  TextEncoder encoder;
  // Complete for a plain Hugging Face folder too: its labels from id2label, head "pooler", no cleaning,
  // version the folder's name, no canaries.
  v1::Manifest manifest;
};

// The release folder that `path` stands for: the one that its CURRENT names, or `path` itself. NOT_FOUND
// where no model is, DATA_LOSS where CURRENT names none.
absl::StatusOr<std::string> ResolveModelDir(const std::string& path);

// Reads and checks a folder (SHA-256 of every file against the manifest, config, tensors, labels against the
// head). NOT_FOUND: no such folder. DATA_LOSS: missing, truncated or changed files, values that are not
// finite. FAILED_PRECONDITION: parts that don't fit each other or this program (format version, shapes).
// INVALID_ARGUMENT: what we don't implement. RESOURCE_EXHAUSTED: not enough memory. Each names the folder
// and, where one is to blame, the file, tensor or field.
absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& path);

// The checkpoint that the parts make. FAILED_PRECONDITION names the tensor, says that there is no classifier,
// or how many labels it has and how many the manifest.
absl::StatusOr<Checkpoint> MakeCheckpoint(CheckpointParts parts);

// What training starts from: the same folder, but the head may be missing (ALBERT without one) or another one
// (the kind or the labels differ): then it is drawn anew from `seed`, and a log line says so. The encoder
// cleans as kLatestCleaning says; the manifest holds nothing but the labels and the head.
absl::StatusOr<Checkpoint> LoadForTraining(const std::string& path, Head head,
                                           const std::vector<std::string>& labels, uint64_t seed);

// Writes the five files into `folder`, which exists, the manifest last. Takes version, labels, metrics,
// canaries and recipe from checkpoint.manifest and fills in the rest.
absl::Status WriteCheckpoint(const std::string& folder, const Checkpoint& checkpoint);

// Writes `checkpoint` as the release MODEL_DIR/<manifest.version>, reads it back, and points
// MODEL_DIR/CURRENT at it. ALREADY_EXISTS for a release that exists, INVALID_ARGUMENT for a version that
// IsReleaseName refuses; on an error no release is left behind, save where only CURRENT can't be written: the
// release is complete then and can be served by its own path, and CURRENT names what it named before. Returns
// the release's folder.
absl::StatusOr<std::string> PublishCheckpoint(const std::string& model_dir, const Checkpoint& checkpoint);

// Points MODEL_DIR/CURRENT at a release that is there.
absl::Status SetCurrent(const std::string& model_dir, const std::string& version);

}  // namespace newsgenre
