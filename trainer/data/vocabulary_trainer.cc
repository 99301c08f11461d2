#include "trainer/data/vocabulary_trainer.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/text/char_map.h"
#include "common/text/text_normalizer.h"
#include "common/text/tokenizer.h"
#include "trainer/data/sentencepiece_trainer.h"

namespace newsgenre {
namespace {

// Returns the words of each text as Tokenizer::Encode splits them, but without word marks and without the
// character map. SentencePiece's trainer adds the marks and applies the map that it writes to the model.
std::vector<std::string> NormalizedSentences(const std::vector<std::string>& texts) {
  const TextNormalizer normalizer{CharMap()};
  std::vector<std::string> sentences;
  for (const std::string& text : texts) {
    std::string sentence;
    normalizer.ForEachWord(text, [&sentence](const std::string& word) {
      sentence.append(sentence.empty() ? "" : " ").append(word.substr(kWordMark.size()));
      return true;
    });
    if (!sentence.empty()) {
      sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

}  // namespace

absl::StatusOr<std::string> TrainVocabulary(const std::vector<std::string>& texts, int vocab_size) {
  constexpr int kSpecialPieces = Tokenizer::kMask + 1;
  if (vocab_size <= kSpecialPieces) {
    return absl::InvalidArgumentError(absl::StrCat("cannot train a vocabulary of ", vocab_size,
                                                   " pieces: it needs more than the ", kSpecialPieces,
                                                   " special ones"));
  }
  const std::vector<std::string> sentences = NormalizedSentences(texts);
  if (sentences.empty()) {
    return absl::InvalidArgumentError("no text to train a vocabulary on");
  }
  std::string model;
  const std::string error = TrainSentencePiece(sentences, vocab_size, &model);
  if (!error.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot train a vocabulary of ", vocab_size, " pieces: ", error));
  }
  return model;
}

}  // namespace newsgenre
