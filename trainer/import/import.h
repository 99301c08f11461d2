// From a model that PyTorch or Hugging Face's transformers wrote to one of ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

struct ImportConfig {
  std::string from;  // file or folder to read, see ReadForeignTensors
  std::string out;   // folder to make

  // INVALID_ARGUMENT names the first bad field as its flag.
  absl::Status Validate() const;
};

struct ImportSummary {
  std::vector<std::string> files;    // read for their tensors
  int tensors = 0;                   // taken
  int64_t weights = 0;               // values in them
  std::vector<std::string> dropped;  // tensors that were left out
  std::string out;                   // what was made
  // Of a release; an encoder without a classifier has no labels.
  std::vector<std::string> labels;
  std::string head;
  int max_tokens = 0;
};

// Writes a release that newsgenre_server takes, with canaries, where there is a classifier; otherwise a
// Hugging Face folder of the encoder, to start training from. The article's model (bert.*, linear.*) has the
// cls head, AG News's labels, our latest cleaning and, without a config.json, albert-base-v1's sizes; another
// is what LoadCheckpoint makes of a Hugging Face folder. config.json and spiece.model lie beside the file.
// `out` is written beside and renamed. ALREADY_EXISTS: `out` does. NOT_FOUND: no file to read, or no
// spiece.model. FAILED_PRECONDITION names a tensor that is missing, one too many, or of another shape;
// otherwise as ReadForeignTensors and LoadCheckpoint.
absl::StatusOr<ImportSummary> ImportCheckpoint(const ImportConfig& config);

// For people: what was read, what was left out, what was made.
std::string ImportText(const ImportSummary& summary);

}  // namespace newsgenre
