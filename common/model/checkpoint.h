// A checkpoint folder: config.json, model.safetensors, spiece.model, tokenizer_config.json, manifest.json. Hugging Face
// tools open it too; a plain Hugging Face folder (no manifest) is read as well.
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

inline constexpr int kManifestFormatVersion = 1;

struct Checkpoint {
  Albert model;          // on the CPU
  TextEncoder encoder;
  v1::Manifest manifest;  // complete for a plain Hugging Face folder too: its labels from id2label, head "pooler", no
                          // cleaning, version the folder's name, no canaries
};

// The release folder that `path` stands for: the one that its CURRENT names, or `path` itself.
absl::StatusOr<std::string> ResolveModelDir(const std::string& path);

// Reads and checks a folder (SHA-256 of every file against the manifest, config, tensors, labels against the head).
// NOT_FOUND: no such folder. DATA_LOSS: missing, truncated or changed files. FAILED_PRECONDITION: parts that don't fit each
// other or this program (format version, shapes). INVALID_ARGUMENT: what we don't implement. Each names the file, tensor
// or field.
absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& path);

// What training starts from: the same folder, but the head may be missing (ALBERT without one, or another head or number
// of labels): then it is drawn anew from `seed`.
absl::StatusOr<Checkpoint> LoadForTraining(const std::string& path, Head head,
                                           const std::vector<std::string>& labels, uint64_t seed);

// Writes `checkpoint` as the release MODEL_DIR/<manifest.version> and points MODEL_DIR/CURRENT at it. Fills in the
// manifest's format version, files, head, labels, cleaning and limits. ALREADY_EXISTS for a release that exists. Returns
// the release's folder.
absl::StatusOr<std::string> PublishCheckpoint(const std::string& model_dir, const Checkpoint& checkpoint);

}  // namespace newsgenre
