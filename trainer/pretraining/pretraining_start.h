// The masked-language model that pre-training starts from, and the folder it is written to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/tokenizer.h"
#include "trainer/run/config.h"

namespace newsgenre {

struct MaskedLm {
  Albert model;
  Tokenizer tokenizer;
};

// Returns a model with random weights drawn from `seed`, and a vocabulary trained on `texts`, which are
// cleaned. Returns INVALID_ARGUMENT if the texts don't have enough pieces for the vocabulary.
absl::StatusOr<MaskedLm> InitMaskedLm(const ModelConfig& config, const std::vector<std::string>& texts,
                                      uint64_t seed);

// Loads config.init_from, a checkpoint or Hugging Face folder. If it has no masked-LM head, draws one from
// `seed` and logs that. Returns the errors of ReadCheckpointParts, and INVALID_ARGUMENT if config.max_tokens
// exceeds the network's positions.
absl::StatusOr<MaskedLm> LoadMaskedLm(const ModelConfig& config, uint64_t seed);

// Writes a Hugging Face folder (AlbertForMaskedLM), which --init_from takes, into `folder`, which must exist.
absl::Status WriteMaskedLm(const std::string& folder, const MaskedLm& masked_lm, int max_tokens);

}  // namespace newsgenre
