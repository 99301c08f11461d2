#include "common/text/clean_text.h"

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/text/news_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

std::string Clean(std::string_view text) { return CleanText(text, CleaningVersion::kV1); }

void ExpectCleaned(const Cases& cases) {
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(Clean(text), expected) << text;
  }
}

std::string RandomBytes(std::mt19937* random, std::string_view alphabet) {
  std::string bytes;
  for (auto size = (*random)() % 200; size > 0; --size) {
    bytes += alphabet.empty() ? static_cast<char>((*random)()) : alphabet[(*random)() % alphabet.size()];
  }
  return bytes;
}

TEST(JoinTitleAndBodyTest, PutsASpaceBetweenTitleAndBody) {
  EXPECT_EQ(JoinTitleAndBody("Title", "Body"), "Title Body");
  EXPECT_EQ(JoinTitleAndBody("", "Body"), "Body");
  EXPECT_EQ(JoinTitleAndBody("Title", ""), "Title");
  EXPECT_EQ(JoinTitleAndBody("", ""), "");
  EXPECT_EQ(JoinTitleAndBody("Title ", " Body"), "Title   Body");
}

TEST(ReplaceInvalidUtf8Test, ReplacesMaximalInvalidParts) {
  // The results of Python's bytes.decode("utf-8", "replace").
  const Cases cases = {
      {"plain é 漢 😀", "plain é 漢 😀"},
      {"a\xff\xfe"
       "b",
       "a\ufffd\ufffdb"},
      {"\xe6\xbc", "\ufffd"},
      {"\xe6\xbc"
       "a",
       "\ufffda"},
      {"\xf0\x9f\x98", "\ufffd"},
      {"\xf0\x9f\x98\xf0\x9f\x98\x80", "\ufffd😀"},
      {"\xc0\xaf", "\ufffd\ufffd"},
      {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
      {"\xe0\x80\x80", "\ufffd\ufffd\ufffd"},
      {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
      {"\x80", "\ufffd"},
      {"", ""},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(ReplaceInvalidUtf8(bytes), expected);
  }
}

TEST(CleanTextTest, OnlyReplacesInvalidUtf8ForNone) {
  EXPECT_EQ(CleanText(" &lt;b&gt;\\ #39;\x01\xff", CleaningVersion::kNone), " &lt;b&gt;\\ #39;\x01\ufffd");
}

TEST(CleanTextTest, DecodesEntities) {
  ExpectCleaned({
      {"Barley &amp; Rook&#39;s", "Barley & Rook's"},
      {"&quot;no&quot; &apos;yes&apos;", "\"no\" 'yes'"},
      {"caf&eacute; &euro;5 &pound;6", "café €5 £6"},
      {"a&nbsp;b", "a b"},
      {"1 &lt; 2 &gt; 0", "1 < 2 > 0"},
      {"&#x2014;&#X2014;&#8212;", "———"},
      {"&#151; &#146; &#128;", "— ’ €"},  // Windows-1252
      {"&#0;&#xD800;&#x110000;&#99999999;", "\ufffd\ufffd\ufffd\ufffd"},
      {"&#233;t&#xe9;", "été"},
      {"&AMP; &QUOT;", "& \""},
      {"&Eacute;&eacute;", "Éé"},
  });
}

TEST(CleanTextTest, DecodesRepeatedlyEscapedEntities) {
  ExpectCleaned({
      {"&amp;#39;s", "'s"},
      {"&amp;lt;b&amp;gt;bold", "bold"},
      {"&amp;amp;amp;quot;", "\""},
      {"AT&amp;amp;T", "AT&T"},
      {"&amp;amp", "&amp"},
  });
}

TEST(CleanTextTest, KeepsOtherAmpersands) {
  ExpectCleaned({
      {"AT&T; R&D", "AT&T; R&D"},
      {"&unknown; & ; &; &#; &#x; &#12a; &#xg;", "&unknown; & ; &; &#; &#x; &#12a; &#xg;"},
      {"&amp", "&amp"},
      {"&", "&"},
      {"&#", "&#"},
      {"&verylongnamethatisnone;", "&verylongnamethatisnone;"},
  });
}

TEST(CleanTextTest, DecodesEntitiesWithoutAnAmpersand) {
  ExpectCleaned({
      {"Odette #39;s kite", "Odette's kite"},
      {"Odette#39;s kite", "Odette's kite"},
      {"named  #39;Glass Otter #39; at", "named 'Glass Otter' at"},
      {"an  quot;upside down quot; kite", "an \"upside down\" kite"},
      {"Q amp;D, Soup  amp; Spoons", "Q&D, Soup & Spoons"},
      {"about  #36;55 or US #36;3", "about $55 or US$3"},
      {"spies  #151; he said", "spies — he said"},
      {"walrus amp;apos;s", "walrus's"},
      {"lt;0042.Q gt;", "<0042.Q>"},
      {"cr egrave;me br ucirc;l eacute;e", "crème brûlée"},
      {"the quot ; teapot quot ; club", "the\" teapot\" club"},
      {"#39;quoted #39;", "'quoted'"},
      {"\\#36;5", "$5"},
  });
}

TEST(CleanTextTest, KeepsWordsAndNumbersBeforeASemicolon) {
  ExpectCleaned({
      {"88.8 per cent; a pound; three times;", "88.8 per cent; a pound; three times;"},
      {"we are #1; they #5;", "we are #1; they #5;"},
      {"Goats 36; 203 Hens", "Goats 36; 203 Hens"},
      {"revamp; amp it up; lt. gov.", "revamp; amp it up; lt. gov."},
      {"color=#666666", "color=#666666"},
  });
}

TEST(CleanTextTest, RemovesTags) {
  ExpectCleaned({
      {R"(&lt;A HREF="http://a.example/x?y=1"&gt;Acme&lt;/A&gt;, that bakery)", "Acme, that bakery"},
      {"kettle that sang <b>...</b> Mayor", "kettle that sang ... Mayor"},
      {"one<br>two<BR/>three<br />four", "one two three four"},
      {"<p>a</p><p>b</p>", "a b"},
      {R"(<FONT face="verdana"\ color="#666666"><B>-Wire</B></FONT>)", "-Wire"},
      {"H<sub>2</sub>O", "H2O"},
      {"<h1>Head</h1>text", "Head text"},
  });
}

TEST(CleanTextTest, KeepsTextThatIsNotATag) {
  ExpectCleaned({
      {"a < b and c > d", "a < b and c > d"},
      {"<MSFT.O> rose, <IBM>", "<MSFT.O> rose, <IBM>"},
      {"a<b", "a<b"},
      {"<a href", "<a href"},
      {"<b <i>x", "<b x"},
      {"<", "<"},
      {"</", "</"},
      {"<bush> said", "<bush> said"},
      {"<!-- note -->", "<!-- note -->"},
      {"x <3 y", "x <3 y"},
  });
}

TEST(CleanTextTest, CollapsesBackslashesControlsAndWhiteSpace) {
  ExpectCleaned({
      {"mumbling\\brook in", "mumbling brook in"},
      {"for \\$20 at\\\\Google", "for $20 at Google"},
      {" \t a \r\n\v\f b\u00a0\u3000\u2028c\x01\x7f\u0085 ", "a b c"},
      {std::string("a\0b", 3), "a b"},
      {"\\ \\", ""},
      {"&#10;a&#9;b&#7;c", "a b c"},
      {"", ""},
  });
}

TEST(CleanTextTest, ReturnsValidUtf8OfBoundedSizeForAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    const std::string bytes = RandomBytes(&random, round % 2 == 0 ? "" : "&#;<>/\\ amplt39xXbr!-\xe2\x80");
    const std::string cleaned = Clean(bytes);
    EXPECT_EQ(ReplaceInvalidUtf8(cleaned), cleaned);
    EXPECT_LE(cleaned.size(), 3 * bytes.size());  // U+FFFD has three bytes
    EXPECT_EQ(cleaned.find("  "), std::string::npos);
  }
}

TEST(CleanTextTest, IsIdempotentWithoutMarkup) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = RandomBytes(&random, "");
    for (char& byte : bytes) {
      if (byte == '&' || byte == ';' || byte == '<') {
        byte = ' ';
      }
    }
    const std::string cleaned = Clean(bytes);
    EXPECT_EQ(Clean(cleaned), cleaned);
  }
}

TEST(CleanTextTest, RemovesTheMarkupOfAgNews) {
  const char* const data = std::getenv("NEWSGENRE_DATA");
  if (data == nullptr) {
    GTEST_SKIP() << "NEWSGENRE_DATA is not set";
  }
  const auto rows = ReadNews(std::string(data) + "/ag_news/train.csv");
  ASSERT_THAT(rows, IsOk());
  int with_markup = 0;
  for (const NewsRow& row : *rows) {
    const std::string text = Clean(JoinTitleAndBody(row.title, row.body));
    EXPECT_FALSE(text.empty()) << row.line;
    for (const std::string markup :
         {"quot;", "#39;", "#36;", "#151;", "&lt;", "&gt;", "nbsp;", "</", "href=", "\\", "  "}) {
      if (text.find(markup) != std::string::npos) {
        ++with_markup;
        break;
      }
    }
  }
  // The remaining markup matches no rule, such as tags without a closing bracket.
  EXPECT_LT(with_markup, 20) << "of " << rows->size();
}

TEST(CleanTextTest, TakesLinearTime) {
  constexpr size_t kMegabyte = 1 << 20;
  const auto start = std::chrono::steady_clock::now();
  for (const std::string part : {"<", "<a ", "<!--", "&", "&amp;", "amp;", "&#", "#39;", "#", "\\", " ",
                                 "\xff", "<a <!-- ", "\u00a0"}) {
    std::string text;
    while (text.size() < kMegabyte) {
      text += part;
    }
    EXPECT_LE(Clean(text).size(), 3 * text.size());
  }
  // Far more than linear time takes, even under a sanitizer, and far less than quadratic time would take.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(120));
}

}  // namespace
}  // namespace newsgenre
