// UTF-8 decoding and encoding of single characters, with ICU. All functions are thread-safe.
#pragma once

#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// Returns the character at `*position` and advances `*position` past it. Returns U+FFFD for a maximal invalid
// part (Unicode 15, section 3.9).
inline char32_t NextCharacter(std::string_view bytes, size_t* position) {
  const char* const data = bytes.data();
  UChar32 character = 0;
  U8_NEXT_OR_FFFD(data, *position, bytes.size(), character);
  return static_cast<char32_t>(character);
}

bool IsValidUtf8(std::string_view bytes);

void AppendUtf8(char32_t character, std::string* out);

// Returns the size in bytes of the character that begins with byte `first`, in valid UTF-8.
inline size_t Utf8Length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace newsgenre
