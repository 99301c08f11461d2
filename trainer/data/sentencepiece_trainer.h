// An interface to SentencePiece's trainer with standard types. SentencePiece's headers and Abseil's cannot be
// included in the same source file.
#pragma once

#include <string>
#include <vector>

namespace newsgenre {

// Trains a unigram model and writes its serialised ModelProto to `model`. Returns an error message, or an
// empty string on success.
std::string TrainSentencePiece(const std::vector<std::string>& sentences, int vocab_size, std::string* model);

}  // namespace newsgenre
