#include "trainer/pretraining/raw_text.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "common/base/file.h"
#include "common/text/clean_text.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/trainer/pretraining/xz_bytes.h"
#include "trainer/pretraining/pretraining_config.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Returns 30,000 lines of many lengths with markup, and empty lines after every fifth. ReadRawText needs
// several batches of bytes and of paragraphs for them.
std::string ManyLines() {
  std::string text;
  for (int i = 0; i < 30'000; ++i) {
    text += "Line " + std::to_string(i) + ":";
    for (int word = i % 61; word > 0; --word) text += "  AT&amp;T <b>wins</b>";
    text += i % 5 == 0 ? "\r\n \t\n\n" : "\n";
  }
  return text;
}

class RawTextTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_.File(name), std::ios::binary) << bytes;
    return dir_.File(name);
  }
  absl::StatusOr<RawText> ReadFiles(const std::vector<std::string>& files, int threads = 1) {
    return ReadRawText(files, threads, {stop_, &progress_});
  }
  absl::StatusOr<RawText> Read(const std::string& bytes) { return ReadFiles({Write("text", bytes)}); }

  const TempDir dir_;
  std::atomic<bool> stop_{false};
  std::stringstream terminal_;
  Progress progress_{&terminal_};
};

TEST_F(RawTextTest, TurnsEachNonEmptyLineIntoAParagraph) {
  const std::string bytes = "\n\nOne <b>line</b>  of\ttext\r\n\r\n \t \n&amp;\nthe last, without an end";
  ASSERT_OK_AND_ASSIGN(const RawText text, Read(bytes));
  EXPECT_THAT(text.paragraphs, ElementsAre("One line of text", "&", "the last, without an end"));
  EXPECT_EQ(text.sha256, Sha256(bytes));
  EXPECT_EQ(terminal_.str(), "");
}

TEST_F(RawTextTest, ReadsFilesInOrder) {
  const std::string plain = "a\nb", xz = XzBytes("\nc\n\n"), empty;
  ASSERT_OK_AND_ASSIGN(const RawText text,
                       ReadFiles({Write("1", plain), Write("2", empty), Write("3", xz), Write("4", plain)}));
  EXPECT_THAT(text.paragraphs, ElementsAre("a", "b", "c", "a", "b"));
  EXPECT_EQ(text.sha256, Sha256(plain + xz + plain));
}

TEST_F(RawTextTest, DependsNeitherOnXzNorOnThreads) {
  const std::string lines = ManyLines();
  ASSERT_GT(lines.size(), 3 * (size_t{4} << 20));
  std::vector<std::string> expected;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    std::string cleaned = CleanText(line, kLatestCleaning);
    if (!cleaned.empty()) expected.push_back(std::move(cleaned));
  }
  EXPECT_EQ(expected.size(), 30'000u);
  const std::string plain = Write("plain", lines), xz = Write("xz", XzBytes(lines));
  for (const int threads : {1, 3}) {
    ASSERT_OK_AND_ASSIGN(const RawText from_plain, ReadFiles({plain}, threads));
    EXPECT_TRUE(from_plain.paragraphs == expected) << threads;
    ASSERT_OK_AND_ASSIGN(const RawText from_xz, ReadFiles({xz}, threads));
    EXPECT_TRUE(from_xz.paragraphs == expected) << threads;
  }
}

TEST_F(RawTextTest, RefusesALineLongerThanTheLimit) {
  const std::string longest(kMaxLineBytes, 'x');
  ASSERT_OK_AND_ASSIGN(const RawText text, Read("a\n" + longest + "\nb"));
  EXPECT_THAT(text.paragraphs, ElementsAre("a", longest, "b"));
  const auto too_long = StatusIs(StatusCode::kInvalidArgument,
                                 AllOf(HasSubstr(dir_.File("text") + ":3: the line has at least 1"),
                                       HasSubstr(" bytes; the limit is 1048576")));
  EXPECT_THAT(Read("a\n\n" + longest + "x\nb"), too_long);
  EXPECT_THAT(Read("a\n\n" + longest + "x"), too_long);
  EXPECT_THAT(Read(XzBytes("a\n\n" + std::string(int64_t{20} << 20, ' '))), too_long);
  // Line numbers start again in each file.
  EXPECT_THAT(ReadFiles({Write("other", "a\nb\nc\n"), dir_.File("text")}), too_long);
}

TEST_F(RawTextTest, RefusesTextWithoutParagraphs) {
  const std::string file = dir_.File("text");
  for (const std::string& bytes : {std::string(), std::string("\n\r\n \n<p>\n"), XzBytes("\n")}) {
    EXPECT_THAT(Read(bytes), StatusIs(StatusCode::kInvalidArgument, "no paragraph in " + file));
  }
  EXPECT_THAT(ReadFiles({file, file}), StatusIs(StatusCode::kInvalidArgument,
                                                "no paragraph in " + file + " and the other files of text"));
  EXPECT_THAT(ReadFiles({}), StatusIs(StatusCode::kInvalidArgument, "no files of text"));
}

TEST_F(RawTextTest, ReturnsTheErrorsOfAFile) {
  const std::string good = Write("good", "a\n"), xz = XzBytes("b\n");
  EXPECT_THAT(ReadFiles({good, dir_.File("none")}),
              StatusIs(StatusCode::kNotFound, HasSubstr(dir_.File("none"))));
  const std::string broken = Write("broken", xz.substr(0, xz.size() - 1));
  EXPECT_THAT(ReadFiles({good, broken}), StatusIs(StatusCode::kDataLoss, HasSubstr(broken)));
}

TEST_F(RawTextTest, ReadingShowsProgressAndCanBeStopped) {
  const std::string file = Write("text", ManyLines());
  progress_.Show({}, Progress::Clock::now() - std::chrono::seconds(1));
  ASSERT_THAT(ReadFiles({file}), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("bytes of text read  "));
  stop_ = true;
  EXPECT_THAT(ReadFiles({file}), StatusIs(StatusCode::kCancelled, _));
}

TEST_F(RawTextTest, ReadsThePublishedNews) {
  const char* const data = std::getenv("NEWSGENRE_DATA");
  if (data == nullptr) GTEST_SKIP() << "NEWSGENRE_DATA (a folder with corpus/news.txt.xz) is not set";
  const std::string file = std::string(data) + "/corpus/news.txt.xz";
  ASSERT_OK_AND_ASSIGN(const RawText text, ReadFiles({file}, 2));
  EXPECT_EQ(text.paragraphs.size(),
            224'920u);  // the number of lines that `xzcat news.txt.xz | awk NF` prints
  int64_t bytes = 0;
  for (const std::string& paragraph : text.paragraphs) bytes += static_cast<int64_t>(paragraph.size());
  // The file has 36,901,112 with line ends. Cleaning removes markup, not text.
  EXPECT_GT(bytes, 36'300'000);
  EXPECT_LT(bytes, 36'901'112);
  EXPECT_EQ(text.sha256, Sha256(*ReadFile(file)));
}

class EncodeParagraphsTest : public RawTextTest {
 protected:
  absl::StatusOr<Dataset> Encode(const std::vector<std::string>& paragraphs, int max_tokens,
                                 int threads = 1) {
    return EncodeParagraphs(paragraphs, tokenizer_, max_tokens, threads, {stop_, &progress_});
  }
  // Returns the tokens of the whole text between [CLS] and [SEP].
  std::vector<int32_t> Inner(const std::string& text) {
    const std::vector<int32_t> ids = tokenizer_.Encode(text, std::numeric_limits<int>::max()).ids;
    return {ids.begin() + 1, ids.end() - 1};
  }
  // Returns a paragraph of `tokens` tokens, including [CLS] and [SEP].
  std::string Paragraph(size_t tokens) {
    std::string text;
    while (Inner(text).size() + 2 < tokens) text += "the ";
    EXPECT_EQ(Inner(text).size() + 2, tokens);
    return text;
  }

  const Tokenizer tokenizer_ =
      *Tokenizer::FromBytes(*ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/tiny.spiece.model"));
};

TEST_F(EncodeParagraphsTest, EncodesAShortParagraphAsOnePiece) {
  const std::string one = "\uFEFFStocks rose on Monday.", two = "The match was lost.";
  ASSERT_OK_AND_ASSIGN(const Dataset data, Encode({one, two}, 512));
  ASSERT_EQ(data.size(), 2);
  // The tokenizer drops a byte order mark, which cleaning keeps.
  EXPECT_EQ(data.Text(0).ids, tokenizer_.Encode(one.substr(3), 512).ids);
  EXPECT_EQ(data.Text(1).ids, tokenizer_.Encode(two, 512).ids);
  EXPECT_THAT(data.lines, ElementsAre(1, 2));
}

TEST_F(EncodeParagraphsTest, CutsALongParagraphAndKeepsAllOfIt) {
  std::string words;
  std::vector<std::string> paragraphs(300);
  for (int i = 0; i < 300; ++i) paragraphs[i] = words += " word" + std::to_string(i * 7);
  for (const int max_tokens : {16, 17, 64, 512}) {
    ASSERT_OK_AND_ASSIGN(const Dataset data, Encode(paragraphs, max_tokens));
    std::vector<std::vector<int32_t>> inner(paragraphs.size());
    std::vector<int64_t> pieces(paragraphs.size());
    for (int64_t piece = 0; piece < data.size(); ++piece) {
      const std::vector<int32_t> ids = data.Text(piece).ids;
      EXPECT_LE(ids.size(), static_cast<size_t>(max_tokens));
      EXPECT_GE(ids.size(), static_cast<size_t>(kMinPieceTokens));
      EXPECT_EQ(ids.front(), Tokenizer::kCls);
      EXPECT_EQ(ids.back(), Tokenizer::kSep);
      const int64_t paragraph = data.lines[piece] - 1;
      inner[paragraph].insert(inner[paragraph].end(), ids.begin() + 1, ids.end() - 1);
      ++pieces[paragraph];
    }
    for (size_t i = 0; i < paragraphs.size(); ++i) {
      const std::vector<int32_t> all = Inner(paragraphs[i]);
      const size_t least_pieces = (all.size() + max_tokens - 3) / (max_tokens - 2);
      const bool too_short = all.size() + 2 < kMinPieceTokens;
      EXPECT_EQ(inner[i], too_short ? std::vector<int32_t>() : all) << i;
      EXPECT_EQ(pieces[i], too_short ? 0 : static_cast<int64_t>(least_pieces)) << i;
    }
    EXPECT_TRUE(std::is_sorted(data.lines.begin(), data.lines.end()));
  }
}

TEST_F(EncodeParagraphsTest, PieceLengthsDifferByAtMostOneToken) {
  ASSERT_OK_AND_ASSIGN(const Dataset data, Encode({Paragraph(64), Paragraph(65), Paragraph(127)}, 64));
  EXPECT_THAT(data.Lengths(), ElementsAre(64, 33, 34, 43, 44, 44));
  EXPECT_THAT(data.lines, ElementsAre(1, 2, 2, 3, 3, 3));
}

TEST_F(EncodeParagraphsTest, LeavesOutShortParagraphs) {
  ASSERT_OK_AND_ASSIGN(const Dataset data,
                       Encode({"", Paragraph(8), "\u2060", Paragraph(7), Paragraph(9)}, 64));
  EXPECT_THAT(data.Lengths(), ElementsAre(8, 9));
  EXPECT_THAT(data.lines, ElementsAre(2, 5));
  EXPECT_THAT(Encode({Paragraph(7), "x"}, 64),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("none of 2 paragraphs has 8 tokens")));
  EXPECT_THAT(Encode({}, 64), StatusIs(StatusCode::kInvalidArgument, HasSubstr("none of 0 paragraphs")));
}

TEST_F(EncodeParagraphsTest, RefusesATooSmallMaximumLength) {
  EXPECT_THAT(Encode({Paragraph(20)}, 15),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr("at most 15 tokens"), HasSubstr("16"))));
  EXPECT_THAT(Encode({Paragraph(20)}, 16), IsOk());
}

TEST_F(EncodeParagraphsTest, DoesNotDependOnThreads) {
  std::vector<std::string> paragraphs(10'000);
  for (int i = 0; i < 10'000; ++i) paragraphs[i] = Paragraph(8 + i % 40) + std::to_string(i);
  ASSERT_OK_AND_ASSIGN(const Dataset one, Encode(paragraphs, 32, 1));
  ASSERT_OK_AND_ASSIGN(const Dataset three, Encode(paragraphs, 32, 3));
  EXPECT_TRUE(one.ids == three.ids);
  EXPECT_TRUE(one.starts == three.starts);
  EXPECT_TRUE(one.lines == three.lines);
  EXPECT_EQ(one.lines.back(), 10'000);
  EXPECT_EQ(one.labels, std::vector<int>(one.lines.size()));
}

TEST_F(EncodeParagraphsTest, EncodingShowsProgressAndCanBeStopped) {
  const std::vector<std::string> paragraphs(5000, Paragraph(10));
  progress_.Show({}, Progress::Clock::now() - std::chrono::seconds(1));
  ASSERT_THAT(Encode(paragraphs, 16), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("paragraphs encoded  4096/5000"));
  stop_ = true;
  EXPECT_THAT(Encode(paragraphs, 16), StatusIs(StatusCode::kCancelled, _));
}

}  // namespace
}  // namespace newsgenre
