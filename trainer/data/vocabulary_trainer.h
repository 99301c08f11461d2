// Training of a vocabulary for a model that is trained from scratch.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// Trains a SentencePiece unigram model of `vocab_size` pieces on cleaned texts, with ALBERT's special pieces
// and normalisation. Returns the bytes of a spiece.model; the same texts give the same bytes. Returns
// INVALID_ARGUMENT if the texts do not yield that many pieces (the message states the maximum) or contain no
// words.
absl::StatusOr<std::string> TrainVocabulary(const std::vector<std::string>& texts, int vocab_size);

}  // namespace newsgenre
