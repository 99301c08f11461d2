// Converts a model that PyTorch or Hugging Face's transformers wrote.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

struct ImportConfig {
  std::string from;  // file or folder to read; see ReadForeignTensors
  std::string out;   // folder to create

  // Returns INVALID_ARGUMENT with the flag of the first invalid field.
  absl::Status Validate() const;
};

struct ImportSummary {
  std::vector<std::string> files;    // files that tensors were read from
  int tensors = 0;                   // tensors that were imported
  int64_t weights = 0;               // values of these tensors
  std::vector<std::string> dropped;  // names of tensors that were left out
  std::string out;                   // the new folder
  // The fields below describe a release. They are empty for a network without a classifier (AlbertModel).
  std::vector<std::string> labels;
  std::string head;
  int max_tokens = 0;
};

// Writes a release that newsgenre_server can load, with canaries. If the model has no classifier, writes a
// Hugging Face folder of the encoder for --init_from instead. config.json and spiece.model must be in the
// same folder as the tensors. `out` appears atomically, or not at all after an error.
//
// The article's model (bert.*, linear.*) gets the cls head, AG News's labels, the latest cleaning and,
// without a config.json, the sizes of albert-base-v1. Other models are read like a Hugging Face folder by
// LoadCheckpoint.
//
// Returns ALREADY_EXISTS if `out` exists; NOT_FOUND if there is no file to read or no spiece.model;
// FAILED_PRECONDITION if a tensor is missing, unknown or of the wrong shape; and the errors of
// ReadForeignTensors and LoadCheckpoint.
absl::StatusOr<ImportSummary> ImportCheckpoint(const ImportConfig& config);

// Returns a description of what was read, left out and written.
std::string ImportText(const ImportSummary& summary);

}  // namespace newsgenre
