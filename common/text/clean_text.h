// From the bytes of a news item to the text that a tokenizer sees. Pure functions; any thread; total on any
// bytes.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// Which cleaning a model was trained with; its checkpoint records it, so that serving does the same.
enum class CleaningVersion : int {
  kNone = 0,  // only invalid UTF-8 is replaced; what a plain Hugging Face folder gets
  kV1 = 1,    // what AG News needs, see CleanText
};
inline constexpr CleaningVersion kLatestCleaning = CleaningVersion::kV1;

// The one rule that joins a title and a body: title, space, body; no space where either is empty.
std::string JoinTitleAndBody(std::string_view title, std::string_view body);

// Each maximal invalid part becomes U+FFFD (Unicode 15, section 3.9, "substitution of maximal subparts"), as
// in Python's bytes.decode("utf-8", "replace").
std::string ReplaceInvalidUtf8(std::string_view bytes);

// kV1: invalid UTF-8 replaced; HTML entities decoded, whole (`&amp;`, `&#39;`) and broken as in AG News
// (`#39;`, `lt;`…); tags removed; a backslash that stands for a line break becomes a space; control
// characters and runs of white space become one space; none at the ends.
std::string CleanText(std::string_view bytes, CleaningVersion version);

}  // namespace newsgenre
