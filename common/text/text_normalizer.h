// ALBERT's normalisation of a text, and its cut into words.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "common/text/char_map.h"

namespace newsgenre {

// The mark that SentencePiece puts before a word: U+2581.
inline constexpr std::string_view kWordMark = "\u2581";

// Immutable: any thread.
class TextNormalizer {
 public:
  explicit TextNormalizer(CharMap map);

  // Calls `on_word` with the words of a text, each with the word mark before it, until it returns false. ``
  // and '' become ", and every character its compatibility decomposition (NFKD) without marks, in lower case,
  // through the map; words end at white space and at a word mark in the text. An invalid part of UTF-8 counts
  // as U+FFFD, so words are valid UTF-8 whatever the text and the map hold.
  void ForEachWord(std::string_view text, const std::function<bool(const std::string&)>& on_word) const;

 private:
  std::string Normalize(char32_t character) const;

  CharMap map_;
  std::array<std::string, 128> ascii_;
  // Of the ASCII characters that become another one which ends no word: that one; 0 for the others.
  std::array<char, 128> simple_{};
};

}  // namespace newsgenre
