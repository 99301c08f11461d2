// Numbers and texts as the reports show them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// For HTML's text and quoted attributes. Bytes that are not UTF-8 and control characters become U+FFFD, white
// space becomes a space.
std::string EscapeHtml(std::string_view text);

// For a cell of a Markdown table, cleaned likewise: it shows as it is, though an address in it may become a
// link.
std::string EscapeMarkdown(std::string_view text);

// The first `characters` characters, and … where there are more. Any bytes.
std::string Excerpt(std::string_view text, int characters);

std::string Percent(double share, int decimals = 2);  // "91.34 %"
std::string Thousands(int64_t count);                 // "110,000"
std::string ShortNumber(double value);                // four digits at most: "0.001", "2e-5"
std::string Duration(double seconds);                 // "12.3 s", "13 min 45 s", "2 h 5 min"

}  // namespace newsgenre
