// SentencePiece's trainer behind standard types: its headers and Abseil's can't share a source file.
#pragma once

#include <string>
#include <vector>

namespace newsgenre {

// Returns an empty string and fills `model` with a serialised ModelProto, or returns what is wrong.
std::string TrainSentencePiece(const std::vector<std::string>& sentences, int vocab_size, std::string* model);

}  // namespace newsgenre
