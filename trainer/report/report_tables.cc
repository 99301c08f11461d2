#include "trainer/report/report_tables.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "trainer/report/article.h"
#include "trainer/report/report_text.h"

namespace newsgenre {
namespace {

constexpr int kExcerptCharacters = 280;
constexpr size_t kConfusionColumnPixels = 60;  // minimum; five columns fit on a phone

std::string HeadRow(const std::vector<std::string>& names) {
  std::string html = "<tr>";
  for (const std::string& name : names) html += "<th>" + EscapeHtml(name) + "</th>";
  return html + "</tr>\n";
}

// Returns the article's validation accuracy after `epoch`, as a count if both have the same number of rows.
std::string ArticleCell(const EpochResult& epoch) {
  if (epoch.epoch > static_cast<int>(kArticleCorrect.size())) return "";
  const int64_t correct = kArticleCorrect[epoch.epoch - 1];
  if (epoch.validation.rows() == kArticleValidationRows) return Thousands(correct);
  return Percent(static_cast<double>(correct) / static_cast<double>(kArticleValidationRows));
}

// Returns a cell of the heat map. Shares of wrong labels are small, so the color depends on their square
// root.
std::string ConfusionCell(int64_t count, int64_t row, bool is_correct) {
  const double share = row == 0 ? 0 : static_cast<double>(count) / static_cast<double>(row);
  const double depth = is_correct ? share : 0.9 * std::sqrt(share);
  return absl::StrFormat("<td class=\"%s%s\" style=\"--depth:%.2f\">%s<small>%s</small></td>",
                         is_correct ? "right" : "wrong", depth > 0.55 ? " deep" : "", depth, Thousands(count),
                         Percent(share, 1));
}

std::string ShareCell(double share) {
  return absl::StrFormat("<td><span class=\"bar\" style=\"--share:%.3f\"></span>%s</td>", share,
                         Percent(share));
}

}  // namespace

std::string EpochsHtml(const Report& report) {
  const bool article = ComparesWithArticle(report);
  std::vector<std::string> head = {"epoch", "validation accuracy", "correct"};
  if (article) head.push_back("article");
  for (const char* name : {"validation loss", "training loss", "training accuracy", "validation loss*",
                           "training loss*", "learning rate", "time", "texts/s", "tokens/s"}) {
    head.push_back(name);
  }
  std::string html =
      "<div class=\"scroll\"><table class=\"epochs\"><thead>" + HeadRow(head) + "</thead><tbody>\n";
  for (size_t i = 0; i < report.epochs.size(); ++i) {
    const EpochResult& epoch = report.epochs[i];
    const bool best = static_cast<int>(i) == report.best;
    html += absl::StrFormat("<tr%s><th>%d%s</th>", best ? " class=\"best\"" : "", epoch.epoch,
                            best ? " published" : "");
    std::vector<std::string> cells = {Percent(epoch.validation.accuracy()),
                                      Thousands(epoch.validation.correct())};
    if (article) cells.push_back(ArticleCell(epoch));
    for (const double loss : {epoch.validation.loss, epoch.training_loss}) {
      cells.push_back(absl::StrFormat("%.4f", loss));
    }
    cells.push_back(Percent(epoch.training_accuracy));
    for (const double loss : {epoch.validation_article_loss, epoch.training_article_loss}) {
      cells.push_back(absl::StrFormat("%.4f", loss));
    }
    cells.push_back(ShortNumber(epoch.learning_rate));
    cells.push_back(Duration(epoch.seconds));
    cells.push_back(Thousands(std::llround(epoch.texts_per_second)));
    cells.push_back(Thousands(std::llround(epoch.tokens_per_second)));
    for (const std::string& cell : cells) html += "<td>" + cell + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string ConfusionHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels) {
  std::vector<std::string> head = {""};
  head.insert(head.end(), labels.begin(), labels.end());
  std::string html =
      absl::StrFormat("<div class=\"scroll\"><table class=\"confusion\" style=\"min-width:%dpx\"><thead>",
                      kConfusionColumnPixels * head.size()) +
      HeadRow(head) + "</thead><tbody>\n";
  for (size_t label = 0; label < labels.size(); ++label) {
    int64_t row = 0;
    for (const int64_t count : metrics.confusion[label]) row += count;
    html += "<tr><th>" + EscapeHtml(labels[label]) + "</th>";
    for (size_t predicted = 0; predicted < labels.size(); ++predicted) {
      html += ConfusionCell(metrics.confusion[label][predicted], row, label == predicted);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string LabelsHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels) {
  std::string html = "<div class=\"scroll\"><table class=\"labels\"><thead>" +
                     HeadRow({"label", "precision", "recall", "F1"}) + "</thead><tbody>\n";
  for (size_t i = 0; i < labels.size(); ++i) {
    const int label = static_cast<int>(i);
    html += "<tr><th>" + EscapeHtml(labels[i]) + "</th>" + ShareCell(metrics.precision(label)) +
            ShareCell(metrics.recall(label)) + ShareCell(metrics.f1(label)) + "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string MistakesHtml(const Report& report) {
  std::string html = "<ol class=\"mistakes\">\n";
  for (const ReportedMistake& mistake : report.mistakes) {
    html += absl::StrFormat("<li><p><b>%s</b> %s, label <b>%s</b> <small>%s:%d</small></p><p>%s</p></li>\n",
                            Percent(mistake.confidence), EscapeHtml(report.labels[mistake.predicted]),
                            EscapeHtml(report.labels[mistake.label]), EscapeHtml(report.mistakes_file),
                            mistake.line, EscapeHtml(Excerpt(mistake.text, kExcerptCharacters)));
  }
  return html + "</ol>\n";
}

std::string FactsHtml(const Facts& facts) {
  std::string html = "<table class=\"facts\"><tbody>\n";
  for (const auto& [name, value] : facts) {
    html += "<tr><th>" + EscapeHtml(name) + "</th><td>" + EscapeHtml(value) + "</td></tr>\n";
  }
  return html + "</tbody></table>\n";
}

Facts RunFacts(const Report& report) {
  Facts facts;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.push_back({name, value});
  };
  const auto count = [](int64_t value) { return value == 0 ? "" : Thousands(value); };
  const auto time = [](double seconds) { return seconds == 0 ? "" : Duration(seconds); };
  add("release", report.release);
  add("version", report.version);
  add("device", report.device);
  add("processor", report.processor);
  add("precision", report.precision);
  add("kernels", report.kernels);
  add("CPU threads", count(report.threads));
  add("parameters", count(report.parameters));
  add("vocabulary, pieces", count(report.vocab_size));
  add("training rows", count(report.training_rows));
  add("validation rows", count(report.validation_rows));
  if (report.held_out.has_value()) add("held-out texts", Summary(*report.held_out));
  add("test file", report.test_file);
  if (report.temperature.has_value()) add("temperature", absl::StrFormat("%.4f", *report.temperature));
  add("time", time(report.seconds));
  add("CPU time, all threads", time(report.cpu_seconds));
  return facts;
}

}  // namespace newsgenre
