// The checkpoint that a training run starts from.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/checkpoint.h"
#include "trainer/config.h"

namespace newsgenre {

// A vocabulary made from `texts` (cleaned) and a network with random weights. INVALID_ARGUMENT where the
// texts don't yield the vocabulary.
absl::StatusOr<Checkpoint> StartFromNothing(const TrainerConfig& config,
                                            const std::vector<std::string>& labels,
                                            const std::vector<std::string>& texts);

// The folder config.init_from, with max_tokens, layers and dropouts as the config has them, where it has;
// INVALID_ARGUMENT where max_tokens is more than the network has positions for.
absl::StatusOr<Checkpoint> StartFromCheckpoint(const TrainerConfig& config,
                                               const std::vector<std::string>& labels);

}  // namespace newsgenre
