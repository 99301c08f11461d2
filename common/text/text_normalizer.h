// ALBERT's text normalization and splitting into words.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "common/text/char_map.h"

namespace newsgenre {

// The mark U+2581, with which SentencePiece prefixes each word.
inline constexpr std::string_view kWordMark = "\u2581";

// Immutable; safe to use from any thread.
class TextNormalizer {
 public:
  explicit TextNormalizer(CharMap map);

  // Calls `on_word` with each normalized word of a text, prefixed with the word mark, until it returns false.
  // Normalization replaces `` and '' with ", applies the compatibility decomposition (NFKD), removes
  // combining marks, converts to lower case and applies the character map. Words end at white space and at a
  // word mark in the text. Invalid UTF-8 is read as U+FFFD, so words are valid UTF-8 for any text and map.
  void ForEachWord(std::string_view text, const std::function<bool(const std::string&)>& on_word) const;

 private:
  std::string Normalize(char32_t character) const;

  CharMap map_;
  std::array<std::string, 128> ascii_;  // normalized form of each ASCII character
  // Indexed by ASCII character: the normalized character, or 0 if it ends a word or is not one ASCII
  // character.
  std::array<char, 128> simple_{};
};

}  // namespace newsgenre
