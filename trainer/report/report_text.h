// Formatting of numbers and texts in reports. Pure functions; safe to call from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// Escapes a text for HTML content and quoted attributes. Replaces invalid UTF-8 and control characters by
// U+FFFD, and white space by spaces.
std::string EscapeHtml(std::string_view text);

// Escapes a text for a cell of a Markdown table, with the same replacements. Nothing in it is taken for
// markup, but a URL can become a link.
std::string EscapeMarkdown(std::string_view text);

// Returns the first `characters` characters, followed by … if there are more. The text can contain any bytes.
std::string Excerpt(std::string_view text, int characters);

std::string Percent(double share, int decimals = 2);  // "91.34 %"
std::string Thousands(int64_t count);                 // "110,000"
std::string ShortNumber(double value);                // at most four digits: "0.001", "2e-5"
std::string Duration(double seconds);                 // "12.3 s", "13 min 45 s", "2 h 5 min"

}  // namespace newsgenre
