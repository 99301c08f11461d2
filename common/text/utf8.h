// UTF-8, one character at a time, on ICU. Pure functions; any thread.
#pragma once

#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// Reads the character at `*position` and moves behind it; U+FFFD for a maximal invalid part (Unicode 15,
// section 3.9).
inline char32_t NextCharacter(std::string_view bytes, size_t* position) {
  const char* const data = bytes.data();
  UChar32 character = 0;
  U8_NEXT_OR_FFFD(data, *position, bytes.size(), character);
  return static_cast<char32_t>(character);
}

bool IsValidUtf8(std::string_view bytes);

void AppendUtf8(char32_t character, std::string* out);

// How many bytes the character has that begins with this byte, in valid UTF-8.
inline size_t Utf8Length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace newsgenre
