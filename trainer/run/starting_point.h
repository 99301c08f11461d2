// The checkpoint that a training run starts from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"
#include "common/model/albert.h"
#include "common/model/albert_config.h"
#include "common/text/tokenizer.h"
#include "trainer/run/config.h"
#include "trainer/watch/progress.h"

namespace newsgenre {

// A vocabulary made from `texts` (cleaned). INVALID_ARGUMENT where they don't yield it.
absl::StatusOr<Tokenizer> MakeTokenizer(const std::vector<std::string>& texts, int vocab_size);

// The network of config.init_from with the layers and dropouts that the config has, where it has.
// INVALID_ARGUMENT where config.max_tokens is more than the network has positions for.
absl::StatusOr<AlbertConfig> AdjustNetwork(const TrainerConfig& config, AlbertConfig network);

// A vocabulary made from `texts` (cleaned) and a network with random weights. INVALID_ARGUMENT where the
// texts don't yield the vocabulary.
absl::StatusOr<Checkpoint> InitFromScratch(const TrainerConfig& config,
                                           const std::vector<std::string>& labels,
                                           const std::vector<std::string>& texts);

// The folder config.init_from, with max_tokens, layers and dropouts as the config has them, where it has;
// INVALID_ARGUMENT where max_tokens is more than the network has positions for.
absl::StatusOr<Checkpoint> StartFromCheckpoint(const TrainerConfig& config,
                                               const std::vector<std::string>& labels);

// What of a start decides what is learnt, by name: for Identify (run_setting.h).
std::map<std::string, std::string> StartIdentity(const Albert& model, const std::vector<std::string>& labels,
                                                 const Tokenizer& tokenizer, int max_tokens);

// Tells `progress` of a start that took since `begin` to make or load.
void NoteStart(const TrainerConfig& config, const Albert& model, const Tokenizer& tokenizer,
               Progress::Clock::time_point begin, Progress* progress);

}  // namespace newsgenre
