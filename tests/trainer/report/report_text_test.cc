#include "trainer/report/report_text.h"

#include "common/text/utf8.h"
#include "gmock/gmock.h"

namespace newsgenre {
namespace {

TEST(EscapeHtmlTest, EscapesMarkupAndInvalidBytes) {
  const struct {
    std::string text;
    std::string html;
  } kCases[] = {
      {"", ""},
      {"Ärger & Glück", "Ärger &amp; Glück"},
      {"<script>alert(\"x\")</script>", "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"},
      {"it's", "it&#39;s"},
      {"a\nb\tc", "a b c"},
      {std::string("a\0b\x1b\x7f", 5), "a\uFFFDb\uFFFD\uFFFD"},
      {"a\xc2\x85z", "a\uFFFDz"},         // a control character of two bytes
      {"\xff<\xc3", "\uFFFD&lt;\uFFFD"},  // invalid UTF-8, and a truncated character
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
  };
  for (const auto& test_case : kCases) EXPECT_EQ(EscapeHtml(test_case.text), test_case.html);
}

TEST(EscapeMarkdownTest, EscapesMarkupAndInvalidBytes) {
  const struct {
    std::string text;
    std::string markdown;
  } kCases[] = {
      {"Shares fall 3.5 %, again", "Shares fall 3.5 %, again"},
      {"a | b\nc", "a \\| b c"},
      {"**x** _y_ `z`", "\\*\\*x\\*\\* \\_y\\_ \\`z\\`"},
      {"[x](y) \\", "\\[x\\](y) \\\\"},
      {"<b> &lt;", "&lt;b\\> &amp;lt;"},
      {"\xff", "\uFFFD"},
  };
  for (const auto& test_case : kCases) EXPECT_EQ(EscapeMarkdown(test_case.text), test_case.markdown);
}

TEST(ExcerptTest, CountsCharactersInsteadOfBytes) {
  EXPECT_EQ(Excerpt("Glück", 5), "Glück");
  EXPECT_EQ(Excerpt("Glück", 3), "Glü…");
  EXPECT_EQ(Excerpt("Glück", 0), "…");
  EXPECT_EQ(Excerpt("", 0), "");
  EXPECT_EQ(Excerpt("\xff\xff\xff", 2), "\xff\xff…");
}

TEST(NumbersTest, AreFormatted) {
  EXPECT_EQ(Percent(0.91344), "91.34 %");
  EXPECT_EQ(Percent(1, 0), "100 %");
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(1234567), "1,234,567");
  EXPECT_EQ(Thousands(-123), "-123");
  EXPECT_EQ(ShortNumber(0.001), "0.001");
  EXPECT_EQ(ShortNumber(2e-5), "2e-5");
  EXPECT_EQ(ShortNumber(1.23456e-11), "1.235e-11");
  EXPECT_EQ(Duration(12.34), "12.3 s");
  EXPECT_EQ(Duration(825.4), "13 min 45 s");
  EXPECT_EQ(Duration(3599.9), "1 h 0 min");
  EXPECT_EQ(Duration(7500), "2 h 5 min");
}

}  // namespace
}  // namespace newsgenre
