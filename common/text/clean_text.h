// Cleans the bytes of a news item into the text that the tokenizer receives. All functions accept any bytes
// and are thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// The cleaning that a model was trained with. The checkpoint records it, so that the server applies the same.
enum class CleaningVersion : int {
  kNone = 0,  // replaces invalid UTF-8 only; used for a plain Hugging Face folder
  kV1 = 1,    // removes the markup found in AG News; see CleanText
};
inline constexpr CleaningVersion kLatestCleaning = CleaningVersion::kV1;

// Returns "title body", without the space if either part is empty. Training and serving use this function.
std::string JoinTitleAndBody(std::string_view title, std::string_view body);

// Replaces each maximal invalid part with U+FFFD (Unicode 15, section 3.9, "substitution of maximal
// subparts"), as Python's bytes.decode("utf-8", "replace") does.
std::string ReplaceInvalidUtf8(std::string_view bytes);

// Returns the cleaned text. kV1 does the following, in this order:
//   - replaces invalid UTF-8
//   - decodes HTML entities (`&amp;`, `&#39;`), also without the ampersand, as in AG News (`#39;`, `lt;`)
//   - removes HTML tags
//   - replaces each run of backslashes (line breaks in AG News), control characters and white space with one
//     space, and removes it at both ends
std::string CleanText(std::string_view bytes, CleaningVersion version);

}  // namespace newsgenre
