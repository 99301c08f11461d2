// The character replacements in a SentencePiece model (its "precompiled charsmap").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// Maps a character to its replacement. Immutable; safe to use from any thread.
class CharMap {
 public:
  // Creates a map without replacements.
  CharMap() = default;

  // Parses `charsmap`: the trie's size in bytes as a little-endian uint32, a double-array trie (Darts-clone),
  // and the replacements, each terminated by a zero byte. Empty bytes give a map without replacements.
  // Returns INVALID_ARGUMENT if the sizes do not match or a replacement is not valid UTF-8.
  static absl::StatusOr<CharMap> FromBytes(std::string_view charsmap);

  // Returns the replacement of one character (in UTF-8), or nullopt if the map has none. The view is valid as
  // long as the map. In a corrupt map it can begin in the middle of a character. Does not apply replacements
  // of character sequences, which transformers' tokenizer ignores, too.
  std::optional<std::string_view> Find(std::string_view character) const;

 private:
  std::vector<uint32_t> trie_;
  std::string replacements_;
};

}  // namespace newsgenre
