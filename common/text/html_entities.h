// The characters that HTML's entities stand for. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace newsgenre {

// `eacute` → U+00E9; 0 for a name that is not known here (Latin-1, the usual punctuation and currencies are).
// Names whose case doesn't tell two characters apart are found in capitals too (`AMP`, `QUOT`).
char32_t NamedEntity(std::string_view name);

// Whether the name is a word that may stand before a semicolon in plain English: `cent`, `pound`, `times`.
bool IsEnglishWord(std::string_view name);

// `#233` → U+00E9, after the HTML standard's "numeric character reference end state": 128 to 159 are
// Windows-1252, and what is no character is U+FFFD.
char32_t NumericEntity(uint32_t number);

}  // namespace newsgenre
