#include "trainer/report/report_text.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/text/utf8.h"

namespace newsgenre {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Returns the character to show: a space for ASCII white space, U+FFFD for other control characters.
char32_t VisibleCharacter(char32_t character) {
  if (character == '\t' || character == '\n' || character == '\r') return ' ';
  const bool control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  return control ? kReplacement : character;
}

// Returns whether the character can be inline markup, including GitHub's tables, strikethrough and formulas.
bool IsMarkup(char32_t character) {
  return character < 0x7F &&
         std::string_view("\\`*_~#$|[]>").find(static_cast<char>(character)) != std::string_view::npos;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string html;
  for (size_t position = 0; position < text.size();) {
    const char32_t character = VisibleCharacter(NextCharacter(text, &position));
    switch (character) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        AppendUtf8(character, &html);
    }
  }
  return html;
}

// Escapes punctuation with a backslash (CommonMark 0.31.2, section 2.4), but & and < as HTML entities, for
// renderers that parse HTML first.
std::string EscapeMarkdown(std::string_view text) {
  std::string markdown;
  for (size_t position = 0; position < text.size();) {
    const char32_t character = VisibleCharacter(NextCharacter(text, &position));
    if (character == '&') {
      markdown += "&amp;";
    } else if (character == '<') {
      markdown += "&lt;";
    } else {
      if (IsMarkup(character)) markdown += '\\';
      AppendUtf8(character, &markdown);
    }
  }
  return markdown;
}

std::string Excerpt(std::string_view text, int characters) {
  size_t position = 0;
  for (int i = 0; i < characters && position < text.size(); ++i) NextCharacter(text, &position);
  std::string excerpt(text.substr(0, position));
  if (position < text.size()) excerpt += "…";
  return excerpt;
}

std::string Percent(double share, int decimals) { return absl::StrFormat("%.*f %%", decimals, 100 * share); }

std::string Thousands(int64_t count) {
  std::string digits = absl::StrFormat("%d", count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t end = digits.size(); end > first + 3;) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

std::string ShortNumber(double value) {
  return absl::StrReplaceAll(absl::StrFormat("%.4g", value), {{"e-0", "e-"}, {"e+0", "e+"}});
}

std::string Duration(double seconds) {
  if (seconds < 60) return absl::StrFormat("%.1f s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return absl::StrFormat("%d min %d s", whole / 60, whole % 60);
  const int64_t minutes = std::llround(seconds / 60);
  return absl::StrFormat("%d h %d min", minutes / 60, minutes % 60);
}

}  // namespace newsgenre
