// Text drawings for a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace newsgenre {

// A bar of at most `width` columns for a fraction from 0 to 1, drawn in eighths of a column. Not padded.
std::string Bar(double fraction, int width);

// How many columns UTF-8 text takes, each code point counted as one.
size_t Columns(std::string_view utf8);

// `utf8` with spaces behind, up to `columns`.
std::string PadTo(std::string_view utf8, size_t columns);

// `utf8` on one line: control characters become spaces, and what is over `columns` becomes "…".
std::string Shorten(std::string_view utf8, size_t columns);

}  // namespace newsgenre
