#include "common/text/text_normalizer.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/text/utf8.h"

namespace newsgenre {
namespace {

constexpr char32_t kWordMarkCharacter = 0x2581;

// The `tokenizers` library under transformers takes decompositions and marks from Unicode 9.0 and leaves
// newer characters unchanged. It takes lower case and white space from a recent Unicode version, so ICU's own
// data is used for these.
bool IsInUnicode9(char32_t character) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(character), age);
  return age[0] > 0 && age[0] <= 9;
}

bool IsMark(char32_t character) {
  constexpr uint32_t kMarks = U_GC_MN_MASK | U_GC_MC_MASK | U_GC_ME_MASK;
  return (U_GET_GC_MASK(static_cast<UChar32>(character)) & kMarks) != 0 && IsInUnicode9(character);
}

// Returns the compatibility decomposition. Canonical ordering is not needed: it moves combining marks only,
// and those are removed.
icu::UnicodeString Decompose(char32_t character) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const nfkd = icu::Normalizer2::getNFKDInstance(error);
  const auto c = static_cast<UChar32>(character);
  icu::UnicodeString decomposition;
  if (nfkd == nullptr || !IsInUnicode9(character) || !nfkd->getDecomposition(c, decomposition)) {
    return icu::UnicodeString(c);
  }
  return decomposition;
}

bool IsWhiteSpace(char32_t character) { return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0; }

// Collects characters into words.
class WordBuilder {
 public:
  explicit WordBuilder(const std::function<bool(const std::string&)>& on_word) : on_word_(on_word) {}

  // Add and Finish return false if `on_word` has returned false.
  bool Add(std::string_view characters) {
    for (size_t next = 0; next < characters.size();) {
      const char32_t character = NextCharacter(characters, &next);
      const bool mark = character == kWordMarkCharacter;
      const bool space = IsWhiteSpace(character);
      if ((mark || space) && !Finish()) {
        return false;
      }
      if (word_.empty() && !space) {
        word_ = kWordMark;
      }
      if (!mark && !space) {
        AppendUtf8(character, &word_);
      }
    }
    return true;
  }
  // Adds an ASCII character that does not end a word.
  void AddSimple(char character) {
    if (word_.empty()) {
      word_ = kWordMark;
    }
    word_ += character;
  }
  bool Finish() {
    const bool wants_more = word_.empty() || on_word_(word_);
    word_.clear();
    return wants_more;
  }

 private:
  const std::function<bool(const std::string&)>& on_word_;
  std::string word_;
};

}  // namespace

TextNormalizer::TextNormalizer(CharMap map) : map_(std::move(map)) {
  for (char32_t c = 0; c < ascii_.size(); ++c) {
    ascii_[c] = Normalize(c);
    const unsigned char first = ascii_[c].empty() ? 0 : ascii_[c][0];
    if (ascii_[c].size() == 1 && first < 0x80 && !IsWhiteSpace(first)) {
      simple_[c] = ascii_[c][0];
    }
  }
}

std::string TextNormalizer::Normalize(char32_t character) const {
  const icu::UnicodeString decomposition = Decompose(character);
  std::string normalized;
  for (int32_t i = 0; i < decomposition.length(); i = decomposition.moveIndex32(i, 1)) {
    const auto part = static_cast<char32_t>(decomposition.char32At(i));
    if (!IsMark(part)) {
      std::string lower;
      AppendUtf8(static_cast<char32_t>(u_tolower(static_cast<UChar32>(part))), &lower);
      normalized += map_.Find(lower).value_or(lower);
    }
  }
  return normalized;
}

void TextNormalizer::ForEachWord(std::string_view text,
                                 const std::function<bool(const std::string&)>& on_word) const {
  WordBuilder words(on_word);
  for (size_t next = 0; next < text.size();) {
    const auto byte = static_cast<unsigned char>(text[next]);
    const bool quote =
        (byte == '`' || byte == '\'') && next + 1 < text.size() && text[next + 1] == text[next];
    if (!quote && byte < simple_.size() && simple_[byte] != 0) {
      words.AddSimple(simple_[byte]);
      ++next;
      continue;
    }
    if (quote) {
      next += 2;
      if (!words.Add(ascii_['"'])) {
        return;
      }
      continue;
    }
    const char32_t character = NextCharacter(text, &next);
    if (!words.Add(character < ascii_.size() ? ascii_[character] : Normalize(character))) {
      return;
    }
  }
  words.Finish();
}

}  // namespace newsgenre
