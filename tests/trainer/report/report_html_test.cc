#include "trainer/report/report_html.h"

#include <regex>

#include "common/text/news_reader.h"
#include "common/text/utf8.h"
#include "gmock/gmock.h"
#include "tests/trainer/report/small_report.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;
using testing::Not;

// Returns an error of the markup, or "" if every element is closed, attributes are quoted and no text
// contains < or &. Supports the subset of HTML that the page uses.
std::string MarkupError(const std::string& html) {
  static const std::regex kMarkup(R"(<!DOCTYPE html>|<(/?)(\w+)((?: [a-z][a-zA-Z-]*="[^"<>]*")*)(/?)>)");
  static const std::regex kText(R"((?:[^<>&]|&(?:amp|lt|gt|quot|#39);)*)");
  static const std::regex kStyle(R"(<style>[^<]*</style>)");
  const std::string page = std::regex_replace(html, kStyle, "");
  std::vector<std::string> open;
  std::string::const_iterator position = page.begin();
  for (std::sregex_iterator tag(page.begin(), page.end(), kMarkup), end; tag != end; ++tag) {
    const std::string text(position, page.begin() + tag->position());
    if (!std::regex_match(text, kText)) return "a stray < > or & in '" + text.substr(0, 200) + "'";
    position = page.begin() + tag->position() + tag->length();
    const std::string name = (*tag)[2];
    if (name.empty() || name == "meta" || (*tag)[4].length() > 0) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes <" + (open.empty() ? "" : open.back()) + ">";
    } else {
      open.pop_back();
    }
  }
  if (!open.empty()) return "<" + open.back() + "> stays open";
  return std::string(position, page.end()) == "\n" ? "" : "text after the last tag";
}

void ExpectGoodPage(const std::string& html) {
  EXPECT_EQ(MarkupError(html), "");
  EXPECT_TRUE(IsValidUtf8(html));
  for (const char* part : {"<script", "src=", "href=", "url(", "http:", "https:", "nan", "inf"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

TEST(MarkupErrorTest, FindsErrors) {
  EXPECT_EQ(MarkupError("<p class=\"a\">a &amp; b<br/></p>\n"), "");
  EXPECT_THAT(MarkupError("<p><b></p>\n"), HasSubstr("</p> closes <b>"));
  EXPECT_THAT(MarkupError("<p>\n"), HasSubstr("<p> stays open"));
  EXPECT_THAT(MarkupError("<p>a & b</p>\n"), HasSubstr("stray"));
  EXPECT_THAT(MarkupError("<p>a < b</p>\n"), HasSubstr("stray"));
  EXPECT_THAT(MarkupError("<p class=a>b</p>\n"), HasSubstr("stray"));
}

TEST(ReportHtmlTest, ShowsATraining) {
  const std::string html = ReportHtml(FullReport());
  ExpectGoodPage(html);
  for (const char* part :
       {"<h1>newsgenre training report</h1>", "accuracy, test</span><strong>100.00 %</strong>",
        "<figcaption>Accuracy by epoch</figcaption>", "<figcaption>Loss by epoch</figcaption>",
        "<figcaption>Training loss by step</figcaption>", "<figcaption>Learning rate by step</figcaption>",
        "<figcaption>validation: ECE 12.50 %</figcaption>",
        "<figcaption>validation, temperature 1.250: ECE 12.50 %</figcaption>",
        "<figcaption>test: ECE 12.50 %</figcaption>", "<figcaption>Lengths of training texts</figcaption>",
        "validation, epoch 2: 87.50 %", "published: epoch 2, 0.2500", "<td>87.50 %</td><td>7</td>",
        "6 texts, mean confidence 87.50 %, accuracy 100.00 %", "5 to 5 tokens: 1 texts",
        "1 of 4 texts (25.00 %) are longer than the limit of 8 tokens", "<th>epochs</th><td>2</td>",
        "<b>96.88 %</b> yes, label <b>no</b> <small>test.csv:17</small></p><p>a text</p>"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  EXPECT_THAT(html, Not(HasSubstr("article, validation")));
}

TEST(ReportHtmlTest, ConfusionShowsCountsAndShares) {
  const std::string html = ReportHtml(SmallReport());
  EXPECT_THAT(html, HasSubstr("<td class=\"right deep\" style=\"--depth:0.75\">3<small>75.0 %</small></td>"
                              "<td class=\"wrong\" style=\"--depth:0.45\">1<small>25.0 %</small></td>"));
}

TEST(ReportHtmlTest, ComparesAgNewsWithTheArticle) {
  Report report = SmallReport();
  report.labels = AgNewsLabels();
  for (EpochResult& epoch : report.epochs) {
    epoch.validation.confusion.assign(4, std::vector<int64_t>(4, 625));
  }
  report.test = report.epochs[0].validation;
  std::string html = ReportHtml(report);
  ExpectGoodPage(html);
  EXPECT_THAT(html, HasSubstr("article, validation, epoch 3: 93.02 %"));
  EXPECT_THAT(html, HasSubstr("the article&#39;s results: albert-base-v1, 110,000 training rows"));
  EXPECT_THAT(html, HasSubstr("<td>2,500</td><td>9,204</td>"));
  EXPECT_THAT(html, HasSubstr("test accuracy of the article"));
  report.epochs[0].validation.confusion[0][0] = 1;  // no longer 10,000 rows
  html = ReportHtml(report);
  EXPECT_THAT(html, HasSubstr("<td>1,876</td><td>92.04 %</td>"));
}

TEST(ReportHtmlTest, ShowsAnEvaluation) {
  const std::string html = ReportHtml(EvaluationReport());
  ExpectGoodPage(html);
  EXPECT_THAT(html, HasSubstr("<h1>newsgenre evaluation report</h1>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>Lengths of texts</figcaption>"));
  for (const char* part : {"by epoch", "by step", "Recipe", "training speed"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

TEST(ReportHtmlTest, ShowsAPretraining) {
  const std::string html = ReportHtml(PretrainingReport());
  ExpectGoodPage(html);
  for (const char* part :
       {"<h1>newsgenre pre-training report</h1>", "masked-LM accuracy</span><strong>25.00 %</strong>",
        "of 1,600 tokens of held-out texts", "loss</span><strong>3.2500</strong>",
        "<figcaption>Training loss by step</figcaption>",
        "<figcaption>Lengths of training texts</figcaption>"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  for (const char* part : {"by epoch", "Confusion", "published:", "training speed", "nats per text"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

TEST(ReportHtmlTest, ShowsAnEmptyReport) { ExpectGoodPage(ReportHtml(Report())); }

// Covers every text that the report shows.
TEST(ReportHtmlTest, EscapesEveryText) {
  const std::string hostile = "</style></title><script>\"'&\xff\xc3\x01]]>-->";
  Report report = FullReport();
  for (std::string* text : {&report.version, &report.release, &report.labels[0], &report.labels[1],
                            &report.device, &report.precision, &report.processor, &report.kernels,
                            &report.test_file, &report.mistakes_file, &report.mistakes[0].text}) {
    *text = hostile;
  }
  report.recipe = {{hostile, hostile}};
  const std::string html = ReportHtml(report);
  ExpectGoodPage(html);
  EXPECT_THAT(
      html, HasSubstr("<p>&lt;/style&gt;&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;\uFFFD\uFFFD\uFFFD]]&gt;"
                      "--&gt;</p></li>"));
}

TEST(ReportHtmlTest, ShortensLongTexts) {
  Report report = FullReport();
  report.mistakes[0].text = std::string(1000, 'x');
  EXPECT_THAT(ReportHtml(report), HasSubstr("<p>" + std::string(280, 'x') + "…</p>"));
}

TEST(ReportHtmlTest, ShowsOneEpochAndOneStep) {
  Report report = SmallReport();
  report.epochs.resize(1);
  report.best = 0;
  report.steps.resize(1);
  const std::string html = ReportHtml(report);
  ExpectGoodPage(html);
  EXPECT_THAT(html, HasSubstr("<circle class=\"dot published\" cx=\"218.0\""));  // in the middle
}

TEST(ReportHtmlTest, ManyEpochsHaveNoDotsExceptThePublishedOne) {
  Report report = SmallReport();
  while (report.epochs.size() < 60) {
    report.epochs.push_back(SmallEpoch(static_cast<int>(report.epochs.size()) + 1, 2, 0.5));
  }
  const std::string html = ReportHtml(report);
  ExpectGoodPage(html);
  EXPECT_THAT(html, Not(HasSubstr("<circle class=\"dot validation\"")));
  EXPECT_THAT(html, HasSubstr("<circle class=\"dot published\""));
}

TEST(ReportHtmlTest, ShowsEqualValuesAndZeros) {
  Report report = FullReport();
  for (EpochResult& epoch : report.epochs) epoch = SmallEpoch(epoch.epoch, 4, 0);
  for (StepPoint& point : report.steps) point = {point.step, 0, 0};
  ExpectGoodPage(ReportHtml(report));
}

}  // namespace
}  // namespace newsgenre
