#include "trainer/report/report_markdown.h"

#include "common/text/news_reader.h"
#include "common/text/utf8.h"
#include "gmock/gmock.h"
#include "tests/trainer/report/small_report.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportMarkdownTest, ShowsATraining) {
  const std::string markdown = ReportMarkdown(FullReport());
  for (const char* part : {
           "# newsgenre training v7\n",
           "| test | 8 of 8 | 100.00 % | 100.00 % | 0.1250 | 12.50 % |\n",
           "| validation, temperature 1.250 | 7 of 8 | 87.50 % | 87.30 % | 0.1875 | 12.50 % |\n",
           "| epoch | training loss | validation loss | accuracy | correct | time | texts/s |\n",
           "| 1 | 0.2500 | 0.5000 | 75.00 % | 6 of 8 | 12.3 s | 800 |\n",
           "| **2, published** | 0.1250 | 0.2500 | 87.50 % | 7 of 8 | 12.3 s | 800 |\n",
           "| yes | 100.00 % | 100.00 % | 100.00 % |\n",
           "| no | 4 | 0 |\n",
           "| 17 | yes 96.88 % | no | a text |\n",
           "| temperature | 1.2500 |\n",
           "| epochs | 2 |\n",
       }) {
    EXPECT_THAT(markdown, HasSubstr(part));
  }
  EXPECT_THAT(markdown, Not(HasSubstr("article")));
}

TEST(ReportMarkdownTest, ComparesAgNewsWithTheArticle) {
  Report report = SmallReport();
  report.labels = AgNewsLabels();
  report.epochs[1].epoch = 6;
  for (EpochResult& epoch : report.epochs) {
    epoch.validation.confusion.assign(4, std::vector<int64_t>(4, 1));
  }
  const std::string markdown = ReportMarkdown(report);
  EXPECT_THAT(markdown, HasSubstr("| 25.00 % | 4 of 16 | 9,204 of 10,000 |"));
  EXPECT_THAT(markdown, HasSubstr("| 25.00 % | 4 of 16 |  |"));  // the article has five epochs
  EXPECT_THAT(markdown, HasSubstr("accuracy 93.079 % on 7,600 test rows"));
  EXPECT_THAT(markdown, HasSubstr("albert-base-v1, 110,000 training rows"));
}

TEST(ReportMarkdownTest, ShowsAnEvaluation) {
  const std::string markdown = ReportMarkdown(EvaluationReport());
  EXPECT_THAT(markdown, HasSubstr("# newsgenre evaluation v7\n"));
  EXPECT_THAT(markdown, HasSubstr("| test | 8 of 8 |"));
  for (const char* part : {"validation", "Epochs", "Recipe"}) EXPECT_THAT(markdown, Not(HasSubstr(part)));
}

TEST(ReportMarkdownTest, ShowsAPretraining) {
  const std::string markdown = ReportMarkdown(PretrainingReport());
  EXPECT_THAT(markdown, HasSubstr("# newsgenre pre-training v7\n"));
  EXPECT_THAT(markdown,
              HasSubstr("| held-out texts | masked-LM accuracy 25.00 % (400 of 1600), loss 3.2500 |\n"));
  for (const char* part : {"Results", "Epochs", "Labels"}) EXPECT_THAT(markdown, Not(HasSubstr(part)));
}

TEST(ReportMarkdownTest, EscapesTextsInCells) {
  Report report = FullReport();
  report.labels = {"n|o", "<yes>"};
  report.mistakes[0].text = "a | b\n# c \xff <script>";
  report.recipe = {{"a|b", "c\nd"}};
  const std::string markdown = ReportMarkdown(report);
  EXPECT_TRUE(IsValidUtf8(markdown));
  EXPECT_THAT(markdown, HasSubstr("| n\\|o | a \\| b \\# c \uFFFD &lt;script\\> |\n"));
  EXPECT_THAT(markdown, HasSubstr("| a\\|b | c d |\n"));
}

TEST(ReportMarkdownTest, ShortensLongTexts) {
  Report report = FullReport();
  report.mistakes[0].text = std::string(1000, 'x');
  EXPECT_THAT(ReportMarkdown(report), HasSubstr("| " + std::string(160, 'x') + "… |\n"));
}

}  // namespace
}  // namespace newsgenre
