// Functions for the starting points of fine-tuning and pre-training.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/model/albert_config.h"
#include "common/text/tokenizer.h"
#include "trainer/run/config.h"
#include "trainer/watch/progress.h"

namespace newsgenre {

// Trains a vocabulary on `texts`, which are cleaned. Returns INVALID_ARGUMENT if they don't have enough
// pieces.
absl::StatusOr<Tokenizer> MakeTokenizer(const std::vector<std::string>& texts, int vocab_size);

// Returns `network`, the configuration of config.init_from, with the layers and dropout that `config` sets.
// Returns INVALID_ARGUMENT if config.max_tokens exceeds the network's positions.
absl::StatusOr<AlbertConfig> AdjustNetwork(const ModelConfig& config, AlbertConfig network);

// Returns the starting point's part of a run's identity, for CheckRunIdentity (run_context.h).
std::map<std::string, std::string> StartIdentity(const Albert& model, const std::vector<std::string>& labels,
                                                 const Tokenizer& tokenizer, int max_tokens);

// Logs that the starting point was made or loaded, which began at `begin`.
void LogStart(const ModelConfig& config, const Albert& model, const Tokenizer& tokenizer,
              Progress::Clock::time_point begin, Progress* progress);

}  // namespace newsgenre
