// A vocabulary for a model that is trained from nothing.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// The bytes of a spiece.model: a SentencePiece unigram model of `vocab_size` pieces, trained on texts that
// are already cleaned, with ALBERT's special pieces and normalisation. The same texts give the same bytes.
// INVALID_ARGUMENT where they don't yield that many pieces (the message names the most that they do) or no
// text is left.
absl::StatusOr<std::string> TrainVocabulary(const std::vector<std::string>& texts, int vocab_size);

}  // namespace newsgenre
