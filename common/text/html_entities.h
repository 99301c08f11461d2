// Decoding of HTML character references. All functions are thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace newsgenre {

// Returns the character of a named entity, such as U+00E9 for `eacute`, or 0 if the name is unknown. The
// table has Latin-1 and common punctuation and currency signs. Also accepts `AMP`, `LT`, `GT` and `QUOT`.
char32_t NamedEntity(std::string_view name);

// Returns whether the entity name is also an English word that can precede a semicolon in plain text, such as
// `cent`, `pound` or `times`.
bool IsEnglishWord(std::string_view name);

// Returns the character of a numeric entity, such as U+00E9 for `&#233;`. Follows the HTML standard's
// "numeric character reference end state": numbers 128 to 159 are Windows-1252, and invalid ones give U+FFFD.
char32_t NumericEntity(uint32_t number);

}  // namespace newsgenre
