// The checkpoint that fine-tuning starts from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"
#include "trainer/finetuning/finetuning_config.h"

namespace newsgenre {

// Returns a checkpoint with random weights drawn from `seed`, and a vocabulary trained on `texts`, which are
// cleaned. Returns INVALID_ARGUMENT if the texts don't have enough pieces for the vocabulary.
absl::StatusOr<Checkpoint> InitFromScratch(const ModelConfig& model, const ClassifierConfig& classifier,
                                           const std::vector<std::string>& labels,
                                           const std::vector<std::string>& texts, uint64_t seed);

// Loads model.init_from (LoadForTraining, whose errors it returns) and applies the max_tokens, layers and
// dropouts that are set. Returns INVALID_ARGUMENT if max_tokens exceeds the network's positions.
absl::StatusOr<Checkpoint> StartFromCheckpoint(const ModelConfig& model, const ClassifierConfig& classifier,
                                               const std::vector<std::string>& labels, uint64_t seed);

}  // namespace newsgenre
