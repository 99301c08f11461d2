#include "common/text/clean_text.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/text/html_entities.h"
#include "common/text/utf8.h"

namespace newsgenre {
namespace {

constexpr size_t kLongestEntityName = 10;  // a name, or a number including an `x` for hexadecimal

// An entity without the ampersand: `eacute;`, `#233;`, `#xE9;`.
struct Entity {
  char32_t character = 0;
  size_t size = 0;       // in bytes, including the semicolon
  bool is_word = false;  // whether the name is an English word
};

// Returns 0 if `digits` are not a number.
char32_t ParseNumber(std::string_view digits) {
  const bool hex = !digits.empty() && (digits[0] == 'x' || digits[0] == 'X');
  digits.remove_prefix(hex ? 1 : 0);
  uint32_t number = 0;
  for (const char c : digits) {
    const int digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
    if (digit >= (hex ? 16 : 10)) {
      return 0;
    }
    number = std::min<uint32_t>(number * (hex ? 16 : 10) + digit, 0x110000);
  }
  return digits.empty() ? 0 : NumericEntity(number);
}

std::optional<Entity> ParseEntity(std::string_view text) {
  const bool numeric = !text.empty() && text[0] == '#';
  const size_t begin = numeric ? 1 : 0;
  size_t end = begin;
  while (end < text.size() && end - begin < kLongestEntityName && absl::ascii_isalnum(text[end])) {
    ++end;
  }
  const std::string_view name = text.substr(begin, end - begin);
  // Word-tokenized text has a space before the semicolon.
  const size_t space = end + 1 < text.size() && text[end] == ' ' && text[end + 1] == ';' ? 1 : 0;
  if (end + space >= text.size() || text[end + space] != ';') {
    return std::nullopt;
  }
  const char32_t character = numeric ? ParseNumber(name) : NamedEntity(name);
  if (character == 0) {
    return std::nullopt;
  }
  return Entity{character, end + space + 1, !numeric && IsEnglishWord(name)};
}

// Parses an entity without an ampersand. AG News has a space (`Sunday #39;s`, `R amp;D`) or nothing in place
// of the ampersand. Returns nullopt for English words and for control characters (`we are #1;`).
std::optional<Entity> ParseBrokenEntity(std::string_view text, size_t position) {
  const bool within_word = position > 0 && absl::ascii_isalnum(text[position - 1]);
  if (text[position] != '#' && (within_word || !absl::ascii_isalnum(text[position]))) {
    return std::nullopt;
  }
  const std::optional<Entity> entity = ParseEntity(text.substr(position));
  return entity && !entity->is_word && entity->character >= ' ' ? entity : std::nullopt;
}

// Appends the entity whose name begins at `position`, or an ampersand if there is none. An escaped ampersand
// can begin an entity itself (`&amp;lt;`). Returns the position after the entity.
size_t AppendEntity(std::string_view text, size_t position, std::string* out) {
  char32_t character = '&';
  while (character == '&') {
    const std::optional<Entity> entity = ParseEntity(text.substr(position));
    if (!entity) {
      break;
    }
    character = entity->character;
    position += entity->size;
  }
  AppendUtf8(character, out);
  return position;
}

std::string DecodeEntities(std::string text) {
  if (text.find(';') == std::string::npos) {  // every entity ends with a semicolon
    return text;
  }
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      i = AppendEntity(text, i + 1, &out);
    } else if (ParseBrokenEntity(text, i)) {
      if (i > 0 && text[i - 1] == ' ') {
        out.pop_back();
      }
      i = AppendEntity(text, i, &out);
    } else {
      out += text[i++];
    }
  }
  return out;
}

// Inline tags are removed; block tags become a space.
constexpr std::array<std::string_view, 20> kInlineTags = {
    "a", "abbr",  "b",    "big",    "cite",   "code", "em",  "font", "i", "nobr",
    "s", "small", "span", "strike", "strong", "sub",  "sup", "tt",   "u", "wbr"};
constexpr std::array<std::string_view, 38> kBlockTags = {
    "blockquote", "body",  "br",    "button", "center", "div",   "dl",     "dt",   "dd", "embed",
    "form",       "h1",    "h2",    "h3",     "h4",     "h5",    "h6",     "head", "hr", "html",
    "iframe",     "img",   "input", "li",     "link",   "meta",  "object", "ol",   "p",  "pre",
    "script",     "style", "table", "tbody",  "td",     "title", "tr",     "ul"};

template <typename Table>
bool Contains(const Table& table, std::string_view name) {
  return std::find(table.begin(), table.end(), name) != table.end();
}

struct Tag {
  size_t size = 0;  // in bytes; 0 if the text does not begin with a tag
  bool is_inline = false;
};

// Parses the tag at the beginning of `text`. Accepts known names only, so that "a < b" and "<MSFT.O>" remain,
// and only tags with a closing bracket.
Tag ParseTag(std::string_view text) {
  constexpr size_t kLongestName = 10;
  size_t end = text.size() > 1 && text[1] == '/' ? 2 : 1;
  std::string name;
  for (; end < text.size() && name.size() <= kLongestName && absl::ascii_isalnum(text[end]); ++end) {
    name += absl::ascii_tolower(text[end]);
  }
  const bool is_inline = Contains(kInlineTags, name);
  if (end == text.size() || (!is_inline && !Contains(kBlockTags, name)) ||
      std::string_view(" \t\r\n\\/>").find(text[end]) == std::string_view::npos) {
    return {};
  }
  end = text.find_first_of("<>", end);
  return {end == std::string_view::npos || text[end] == '<' ? 0 : end + 1, is_inline};
}

std::string RemoveTags(std::string text) {
  if (text.find('<') == std::string::npos) {
    return text;
  }
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const Tag tag = text[i] == '<' ? ParseTag(std::string_view(text).substr(i)) : Tag();
    if (tag.size == 0) {
      out += text[i++];
    } else {
      out += tag.is_inline ? "" : " ";
      i += tag.size;
    }
  }
  return out;
}

bool IsSpaceToCollapse(char32_t character) {
  if (character < 0x80) {
    return character <= ' ' || character == '\\' || character == 0x7F;
  }
  const auto c = static_cast<UChar32>(character);
  return u_isUWhiteSpace(c) != 0 || u_charType(c) == U_CONTROL_CHAR;
}

// Replaces each run of backslashes, control characters and white space with one space, and removes it at both
// ends.
std::string CollapseSpace(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t next = 0; next < text.size();) {
    const size_t begin = next;
    size_t end = begin;  // end of the run of other characters that starts at `begin`
    while (next < text.size() && !IsSpaceToCollapse(NextCharacter(text, &next))) {
      end = next;
    }
    if (end > begin) {
      out.append(out.empty() ? "" : " ").append(text.substr(begin, end - begin));
    }
  }
  return out;
}

}  // namespace

std::string JoinTitleAndBody(std::string_view title, std::string_view body) {
  std::string text(title);
  text.append(title.empty() || body.empty() ? "" : " ").append(body);
  return text;
}

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  if (IsValidUtf8(bytes)) {
    return std::string(bytes);
  }
  std::string out;
  out.reserve(bytes.size());
  for (size_t next = 0; next < bytes.size();) {
    AppendUtf8(NextCharacter(bytes, &next), &out);
  }
  return out;
}

std::string CleanText(std::string_view bytes, CleaningVersion version) {
  std::string text = ReplaceInvalidUtf8(bytes);
  if (version == CleaningVersion::kNone) {
    return text;
  }
  return CollapseSpace(RemoveTags(DecodeEntities(std::move(text))));
}

}  // namespace newsgenre
