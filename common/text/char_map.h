// The replacements of characters that a SentencePiece model carries (its "precompiled charsmap").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// Immutable: any thread.
class CharMap {
 public:
  // Replaces nothing.
  CharMap() = default;

  // `charsmap`: a double-array trie (Darts-clone) behind its size as a little-endian uint32, then the
  // replacements, each ended by a zero byte; empty bytes are the map that replaces nothing. INVALID_ARGUMENT
  // where the sizes don't fit or a replacement is not valid UTF-8.
  static absl::StatusOr<CharMap> FromBytes(std::string_view charsmap);

  // What stands for one character (in UTF-8); nothing where it stays as it is. The views live as long as the
  // map; in a broken map one may begin within a character. Sequences of several characters in the map are
  // left alone, as transformers' tokenizer leaves them.
  std::optional<std::string_view> Find(std::string_view character) const;

 private:
  std::vector<uint32_t> trie_;
  std::string replacements_;
};

}  // namespace newsgenre
