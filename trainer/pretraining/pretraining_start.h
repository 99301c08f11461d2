// What a pre-training starts from, and the folder that it ends in.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/text/tokenizer.h"
#include "trainer/run/config.h"

namespace newsgenre {

// A masked-language model with its vocabulary.
struct MaskedLm {
  Albert model;
  Tokenizer tokenizer;
};

// Random weights, with a vocabulary made from `texts` (cleaned). INVALID_ARGUMENT where they don't yield it.
absl::StatusOr<MaskedLm> StartMaskedLm(const TrainerConfig& config, const std::vector<std::string>& texts);

// From config.init_from, a checkpoint or Hugging Face folder. A head for masked words that it lacks is drawn
// from the seed, which is logged. Statuses as LoadForTraining, and INVALID_ARGUMENT where config.max_tokens
// is more than the network has positions for.
absl::StatusOr<MaskedLm> LoadMaskedLm(const TrainerConfig& config);

// Writes a Hugging Face folder (AlbertForMaskedLM) into `folder`, which exists: what --init_from takes.
absl::Status WriteMaskedLm(const std::string& folder, const MaskedLm& masked_lm, int max_tokens);

}  // namespace newsgenre
