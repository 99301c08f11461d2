#include "common/text/news_reader.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

// The client's format: labels are optional.
NewsFormat Unlabelled() {
  NewsFormat format;
  format.labels_required = false;
  return format;
}

// Formats a row as "line|label|title|body".
std::string Show(const NewsRow& row) {
  return std::to_string(row.line) + "|" + (row.label.has_value() ? std::to_string(*row.label) : "-") + "|" +
         row.title + "|" + row.body;
}

std::vector<std::string> Parse(std::string_view bytes, const std::string& file = "news.csv",
                               const NewsFormat& format = {}) {
  const auto rows = ParseNews(bytes, file, format);
  EXPECT_THAT(rows, IsOk());
  std::vector<std::string> shown;
  if (rows.ok()) {
    for (const NewsRow& row : *rows) shown.push_back(Show(row));
  }
  return shown;
}

using Rows = std::vector<std::string>;

TEST(NewsCsvTest, ParsesValidRows) {
  const struct {
    const char* what;
    std::string bytes;
    Rows rows;
  } cases[] = {
      {"AG News as published",
       "\"3\",\"A title\",\"A body\"\n\"1\",\"T\",\"B\"\n",
       {"1|2|A title|A body", "2|0|T|B"}},
      {"no line end after the last row", "\"4\",\"t\",\"b\"", {"1|3|t|b"}},
      {"CRLF", "\"1\",\"t\",\"b\"\r\n2,t,b\r\n", {"1|0|t|b", "2|1|t|b"}},
      {"byte order mark", "\xEF\xBB\xBF\"1\",\"t\",\"b\"\n", {"1|0|t|b"}},
      {"doubled quotes", "\"1\",\"a \"\"b\"\" c\",\"\"\"\"\n", {"1|0|a \"b\" c|\""}},
      {"commas in quotes", "\"1\",\"a, b\",\",\"\n", {"1|0|a, b|,"}},
      {"line ends in quotes",
       "\"1\",\"a\nb\",\"c\r\nd\"\n\"2\",\"e\",\"f\"\n",
       {"1|0|a\nb|c\r\nd", "4|1|e|f"}},
      {"an empty title", "\"1\",\"\",\"b\"\n", {"1|0||b"}},
      {"an empty body", "1,t,\n", {"1|0|t|"}},
      {"no quotes", "1,t,b c\n", {"1|0|t|b c"}},
      {"blank lines", "\n\r\n1,t,b\n\n2,t,b\n\n", {"3|0|t|b", "5|1|t|b"}},
      {"label names", "Sci/Tech,t,b\n\"World\",t,b\n", {"1|3|t|b", "2|0|t|b"}},
      {"backslashes are text", "\"1\",\"a\\b\",\"c\\\"\n", {"1|0|a\\b|c\\"}},
      {"invalid UTF-8", "\"1\",\"\xFF\",\"b\"\n", {"1|0|\xFF|b"}},
      {"a NUL byte", std::string("1,t,\0b\n", 7), {std::string("1|0|t|\0b", 8)}},
  };
  for (const auto& test : cases) EXPECT_EQ(Parse(test.bytes), test.rows) << test.what;
}

TEST(NewsCsvTest, ReportsBadRowsWithTheirLines) {
  const struct {
    const char* bytes;
    const char* problem;
  } cases[] = {
      {"5,t,b\n",
       "news.csv:1: label \"5\" is neither a number from 1 to 4 nor one of World, Sports, Business"},
      {"0,t,b\n", "news.csv:1: label \"0\""},
      {",t,b\n", "news.csv:1: label \"\""},
      {"1 ,t,b\n", "news.csv:1: label \"1 \""},
      {"1,t,b\n1,t\n", "news.csv:2: 2 fields; expected 3: class, title, description"},
      {"1,t,b,more\n", "news.csv:1: 4 fields; expected 3"},
      {"\"1\",\"\",\"\"\n", "news.csv:1: no text"},
      {"\"1\",\"t\"x,\"b\"\n", "news.csv:1: text after a closing quote"},
      {"\"1\",\"t\" ,\"b\"\n", "news.csv:1: text after a closing quote"},
      {"1,t\"x,b\n", "news.csv:1: a quote within a field"},
      {"\"1\",\"t\n\",\"b\"\n\"1\",\"t\",\"b\n", "news.csv:3: a quote is opened and never closed"},
      {"\"1\n\",\"t\",\"b\"\n", "news.csv:1: label \"1\\n\""},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(ParseNews(test.bytes, "news.csv"),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(test.problem)));
  }
}

TEST(NewsCsvTest, ContinuesAfterAMalformedRow) {
  const char* const bytes =
      "\"1\",\"open,\"b\"\n"
      "\"1\",\"good\",\"b\"\n"
      "\"7\",\"t\",\"b\"\n"
      "\"1\",\"t\",\"never closed\n"
      "9,t,b\n";
  EXPECT_THAT(ParseNews(bytes, "x.csv"),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("4 bad rows\nx.csv:1: text"), HasSubstr("x.csv:3: label \"7\""),
                             HasSubstr("x.csv:4: a quote"), HasSubstr("x.csv:5: label \"9\""))));
}

TEST(NewsCsvTest, ListsEveryBadRow) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += "9,t,b\n";
  const std::string message(ParseNews(bytes, "x.csv").status().message());
  EXPECT_THAT(message, testing::StartsWith("1000 bad rows\nx.csv:1: "));
  for (int line = 1; line <= 1000; ++line) {
    EXPECT_THAT(message, HasSubstr("\nx.csv:" + std::to_string(line) + ": label"));
  }
}

TEST(NewsCsvTest, RefusesARowLongerThanTheLimit) {
  NewsFormat format;
  format.max_row_bytes = 20;
  const std::string row = "1,t," + std::string(15, 'b') + "\n";  // 20 bytes
  EXPECT_THAT(ParseNews(row + row, "x.csv", format), IsOk());
  const std::string open = "\"1\",\"t\",\"" + std::string(30, 'b') + "\"\n";
  for (const std::string& longer : {"1,tt," + std::string(30, 'b') + "\n", open}) {
    EXPECT_THAT(
        ParseNews(row + longer + "9,t,b\n", "x.csv", format),
        StatusIs(StatusCode::kInvalidArgument,
                 AllOf(HasSubstr("x.csv:2: the row is longer than 20 bytes"), HasSubstr("x.csv:3: label"))));
  }
}

TEST(NewsCsvTest, RefusesAFileWithoutRows) {
  for (const char* bytes : {"", "\n\n", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(ParseNews(bytes, "x.csv"), StatusIs(StatusCode::kInvalidArgument, "x.csv: no rows"));
  }
}

TEST(NewsCsvTest, AcceptsMissingLabelsIfTheyAreOptional) {
  EXPECT_EQ(Parse("\"only a text\"\nt,b\n2,t,b\n,t,b\n", "x.csv", Unlabelled()),
            (Rows{"1|-||only a text", "2|-|t|b", "3|1|t|b", "4|-|t|b"}));
  EXPECT_THAT(
      ParseNews("x,t,b\n1,2,3,4\n", "x.csv", Unlabelled()),
      StatusIs(StatusCode::kInvalidArgument,
               AllOf(HasSubstr("x.csv:1: label \"x\""), HasSubstr("x.csv:2: 4 fields; expected at most 3"))));
}

TEST(NewsCsvTest, AcceptsOtherLabels) {
  NewsFormat format;
  format.labels = {"no", "yes"};
  EXPECT_EQ(Parse("yes,t,b\n1,t,b\n", "x.csv", format), (Rows{"1|1|t|b", "2|0|t|b"}));
  EXPECT_THAT(ParseNews("3,t,b\n", "x.csv", format),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("from 1 to 2 nor one of no, yes")));
}

TEST(NewsJsonLinesTest, ParsesValidRows) {
  const char* const bytes =
      "\xEF\xBB\xBF{\"text\": \"a \\\"b\\\"\", \"label\": \"Sports\", \"id\": 7}\r\n"
      "\n"
      "{\"title\": \"t\", \"body\": \"b\\nc\", \"label\": 1}\n"
      "{\"body\": \"\\u00e9\", \"label\": \"4\"}";
  const Rows expected = {"1|1||a \"b\"", "3|0|t|b\nc", "4|3||\xC3\xA9"};
  EXPECT_EQ(Parse(bytes, "x.jsonl"), expected);
  EXPECT_EQ(Parse(bytes, "no ending"), expected);
  EXPECT_EQ(Parse("{\"text\": \"t\"}", "x.ndjson", Unlabelled()), Rows{"1|-||t"});
}

TEST(NewsJsonLinesTest, ReportsBadRows) {
  const struct {
    const char* bytes;
    const char* problem;
  } cases[] = {
      {"{\"text\": \"t\", \"label\": 1", "x.jsonl:1: not a JSON object"},
      {"[1]\n", "x.jsonl:1: not a JSON object"},
      {"{\"text\": \"\xFF\", \"label\": 1}", "x.jsonl:1: not a JSON object"},
      {"\n{\"label\": 1}", "x.jsonl:2: no text"},
      {"{\"text\": \"\", \"label\": 1}", "x.jsonl:1: no text"},
      {"{\"text\": \"t\"}", "x.jsonl:1: no \"label\""},
      {"{\"text\": \"t\", \"label\": 0}", "x.jsonl:1: label \"0\""},
      {"{\"text\": \"t\", \"label\": -1}", "x.jsonl:1: label \"-1\""},
      {"{\"text\": \"t\", \"label\": \"sport\"}", "x.jsonl:1: label \"sport\""},
      {"{\"text\": \"t\", \"label\": 1.0}", "\"label\" is neither a string nor an integer"},
      {"{\"text\": 3, \"label\": 1}", "\"text\" is not a string"},
      {"{\"title\": \"t\", \"body\": null, \"label\": 1}", "\"body\" is not a string"},
      {"{\"text\": \"t\", \"title\": \"u\", \"label\": 1}", "\"text\" cannot be combined with"},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(ParseNews(test.bytes, "x.jsonl"),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(test.problem)));
  }
}

TEST(NewsReaderTest, TruncatesAndEscapesValuesInMessages) {
  const auto rows = ParseNews("\x01" + std::string(1000, 'x') + ",t,b\n", "x.csv");
  EXPECT_THAT(rows, StatusIs(StatusCode::kInvalidArgument, HasSubstr("label \"\\x01xxx")));
  EXPECT_LT(rows.status().message().size(), 200u);
}

TEST(NewsReaderTest, ReadsAFile) {
  const TempDir dir;
  std::ofstream(dir.File("x.csv")) << "1,t,b\n";
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadNews(dir.File("x.csv")));
  EXPECT_EQ(Show(rows.at(0)), "1|0|t|b");
  EXPECT_THAT(ReadNews(dir.File("none.csv")), StatusIs(StatusCode::kNotFound, HasSubstr("none.csv")));
}

// Any bytes give rows or INVALID_ARGUMENT. Mutates small files at random, with a fixed seed.
TEST(NewsReaderTest, ReturnsRowsOrAnErrorForMutatedFiles) {
  const std::string originals[] = {
      "\"1\",\"a \"\"b\"\"\",\"c\nd\"\r\n\"2\",\"\",\"e, f\"\n3,g,h\n",
      "{\"text\": \"a\", \"label\": \"Sports\"}\n{\"title\": \"b\", \"body\": \"\\u00e9\", \"label\": 3}\n",
  };
  constexpr std::string_view kBytes = "\",\n\r{}[]:\\1a\xEF\xBB\xBF\0 ";
  std::mt19937_64 random(7);
  NewsFormat format;
  format.max_row_bytes = 48;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = originals[random() % 2];
    for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
      const size_t at = random() % (bytes.size() + 1);
      switch (random() % 4) {
        case 0:
          bytes.insert(at, 1, kBytes[random() % kBytes.size()]);
          break;
        case 1:
          bytes.erase(at, random() % 8);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % (bytes.size() + 1), random() % 24));
          break;
        case 3:
          if (at < bytes.size()) bytes[at] = static_cast<char>(random());
          break;
      }
    }
    format.labels_required = random() % 2 == 0;
    const auto rows = ParseNews(bytes, "x", format);
    if (!rows.ok()) {
      ASSERT_EQ(rows.status().code(), StatusCode::kInvalidArgument) << bytes;
      continue;
    }
    for (const NewsRow& row : *rows) {
      ASSERT_GE(row.line, 1);
      ASSERT_FALSE(row.title.empty() && row.body.empty()) << bytes;
      ASSERT_EQ(row.label.value_or(0) & ~3, 0) << bytes;
      ASSERT_TRUE(row.label.has_value() || !format.labels_required) << bytes;
    }
  }
}

TEST(NewsReaderTest, RefusesDeeplyNestedJson) {
  EXPECT_THAT(ParseNews(std::string(200000, '['), "x.jsonl"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("not a JSON object")));
  const std::string nested = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_THAT(ParseNews("{\"text\": " + nested + "}", "x.jsonl"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"text\" is not a string")));
}

TEST(NewsReaderTest, ReadsAgNewsAsPublished) {
  const char* const data = std::getenv("NEWSGENRE_DATA");
  if (data == nullptr) GTEST_SKIP() << "NEWSGENRE_DATA (a folder with ag_news/test.csv) is not set";
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadNews(std::string(data) + "/ag_news/test.csv"));
  std::vector<int> counts(4);
  for (const NewsRow& row : rows) ++counts[*row.label];
  EXPECT_EQ(counts, std::vector<int>(4, 1900));
  EXPECT_EQ(rows.back().line, 7600);
}

}  // namespace
}  // namespace newsgenre
