#include "common/text/text_normalizer.h"

#include <string>
#include <vector>

#include "common/text/char_map.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

// Returns the words, with | for the word mark.
std::string Words(const std::string& text) {
  std::string words;
  TextNormalizer(CharMap()).ForEachWord(text, [&words](const std::string& word) {
    EXPECT_EQ(word.substr(0, kWordMark.size()), kWordMark);
    words += "|" + word.substr(kWordMark.size());
    return true;
  });
  return words;
}

TEST(TextNormalizerTest, NormalizesAndSplits) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {" \t\u00a0\u0085 ", ""},
      {"  Oil  Prices\n", "|oil|prices"},
      {"``Hi'' ```", "|\"hi\"|\"`"},
      {"Café cafe\u0301", "|cafe|cafe"},
      {"ﬁne ² Ⅷ", "|fine|2|viii"},
      {"ΣΑΣ İ ſ", "|σασ|i|s"},
      {"a▁b ▁", "|a|b|"},
      {"¨", ""},
      {"x¨y", "|x|y"},
      {"한", "|\u1112\u1161\u11ab"},
      {"\u32ff", "|\u32ff"},  // its decomposition is newer than Unicode 9
      {"a\xff", "|a\ufffd"},
      {std::string("a\0b", 3), std::string("|a\0b", 4)},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_EQ(Words(text), words) << text;
  }
}

TEST(TextNormalizerTest, StopsWhenTheCallbackReturnsFalse) {
  int words = 0;
  TextNormalizer(CharMap()).ForEachWord("a b c d", [&words](const std::string&) { return ++words < 2; });
  EXPECT_EQ(words, 2);
}

}  // namespace
}  // namespace newsgenre
