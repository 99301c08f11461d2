#include "trainer/report/report_html.h"

#include <string_view>

#include "absl/strings/str_format.h"
#include "trainer/report/article.h"
#include "trainer/report/report_charts.h"
#include "trainer/report/report_style.h"
#include "trainer/report/report_tables.h"
#include "trainer/report/report_text.h"

namespace newsgenre {
namespace {

std::string Section(std::string_view title, const std::string& note, const std::string& body) {
  if (body.empty()) return "";
  std::string html = absl::StrFormat("<section><h2>%s</h2>\n", EscapeHtml(title));
  if (!note.empty()) html += "<p class=\"note\">" + EscapeHtml(note) + "</p>\n";
  return html + body + "</section>\n";
}

std::string Charts(const std::string& figures) {
  return figures.empty() ? "" : "<div class=\"charts\">\n" + figures + "</div>\n";
}

std::string Tile(std::string_view name, const std::string& value, const std::string& note) {
  return absl::StrFormat("<div class=\"tile\"><span>%s</span><strong>%s</strong><small>%s</small></div>\n",
                         EscapeHtml(name), EscapeHtml(value), EscapeHtml(note));
}

std::string MetricTiles(const NamedMetrics& named) {
  const ClassificationMetrics& metrics = *named.metrics;
  return Tile("accuracy, " + named.name, Percent(metrics.accuracy()),
              absl::StrFormat("%s of %s texts", Thousands(metrics.correct()), Thousands(metrics.rows()))) +
         Tile("macro F1", Percent(metrics.macro_f1()), "mean over the labels") +
         Tile("loss", absl::StrFormat("%.4f", metrics.loss), "cross-entropy, nats per text") +
         Tile("calibration error (ECE)", Percent(metrics.ece()),
              absl::StrFormat("over %d confidence ranges", kCalibrationBins));
}

std::string RunTiles(const Report& report) {
  std::string html;
  if (report.held_out.has_value()) {
    const HeldOutResult& held_out = *report.held_out;
    html += Tile("masked-LM accuracy",
                 Percent(static_cast<double>(held_out.correct) / static_cast<double>(held_out.predictions)),
                 absl::StrFormat("of %s tokens of held-out texts", Thousands(held_out.predictions)));
    html += Tile("loss", absl::StrFormat("%.4f", held_out.loss), "cross-entropy, nats per token");
  }
  if (report.test.has_value() && ComparesWithArticle(report)) {
    html += Tile("test accuracy of the article", Percent(kArticleTestAccuracy),
                 absl::StrFormat("of %s texts", Thousands(kArticleTestRows)));
  }
  if (report.seconds > 0) {
    html += Tile("time", Duration(report.seconds),
                 report.cpu_seconds > 0 ? "CPU time " + Duration(report.cpu_seconds) : "");
  }
  if (!report.epochs.empty()) {
    const EpochResult& best = report.epochs[report.best];
    html += Tile("training speed", Thousands(static_cast<int64_t>(best.texts_per_second)) + " texts/s",
                 Thousands(static_cast<int64_t>(best.tokens_per_second)) + " tokens/s");
    html += Tile("published", absl::StrFormat("epoch %d of %d", best.epoch, report.epochs.size()),
                 "highest validation accuracy");
  }
  return html;
}

std::string Header(const Report& report) {
  return absl::StrFormat(
      "<header><h1>newsgenre %s report</h1>\n<p class=\"note\">%s</p>\n</header>\n", KindOf(report),
      EscapeHtml(report.version + (report.test_file.empty() ? "" : " · ") + report.test_file));
}

std::string Results(const Report& report) {
  const std::vector<NamedMetrics> all = MetricsOf(report);
  std::string html = "<div class=\"tiles\">\n";
  if (!all.empty()) html += MetricTiles(all.front());
  html += RunTiles(report) + "</div>\n";
  if (all.empty()) return html;
  const ClassificationMetrics& metrics = *all.front().metrics;
  html += Section("Confusion, " + all.front().name,
                  "Rows are true labels, columns are predicted labels. Percentages are shares of a row.",
                  ConfusionHtml(metrics, report.labels));
  return html + Section("Labels, " + all.front().name, "", LabelsHtml(metrics, report.labels));
}

std::string Training(const Report& report) {
  const std::string steps = Section("Steps", "", Charts(StepCharts(report)));
  if (report.epochs.empty()) return steps;
  std::string note =
      "Training loss and accuracy are measured with dropout while the weights change. *As computed in the "
      "article: the sum of the batches' mean losses, divided by the number of texts.";
  if (ComparesWithArticle(report)) {
    note = absl::StrFormat("Compared with %s, %s validation rows, %s s per epoch. ", kArticle,
                           Thousands(kArticleValidationRows),
                           Thousands(static_cast<int64_t>(kArticleEpochSeconds))) +
           note;
  }
  return Section("Epochs", note, Charts(EpochCharts(report)) + EpochsHtml(report)) + steps;
}

std::string TruncationNote(const LengthHistogram& lengths) {
  int64_t rows = 0;
  for (const int64_t count : lengths.rows) rows += count;
  return absl::StrFormat(
      "%s of %s texts (%s) are longer than the limit of %s tokens and were truncated.",
      Thousands(lengths.truncated), Thousands(rows),
      Percent(rows == 0 ? 0 : static_cast<double>(lengths.truncated) / static_cast<double>(rows)),
      Thousands(lengths.max_tokens));
}

}  // namespace

std::string ReportHtml(const Report& report) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>newsgenre ";
  html += EscapeHtml(report.version) + "</title>\n<style>\n" + kReportStyle +
          "</style>\n</head>\n<body>\n<main>\n";
  html += Header(report) + Results(report) + Training(report);
  html +=
      Section("Calibration",
              "Accuracy of predictions by their confidence. A temperature divides the logits so that the two "
              "agree; it does not change any prediction.",
              Charts(ReliabilityCharts(report)));
  if (!report.mistakes.empty()) {
    html += Section("Most confident mistakes", "", MistakesHtml(report));
  }
  if (report.lengths.has_value()) {
    html += Section("Lengths", TruncationNote(*report.lengths), Charts(LengthChart(report)));
  }
  html += Section("Run", "", FactsHtml(RunFacts(report)));
  if (!report.recipe.empty()) {
    html += Section("Recipe", "", FactsHtml(Facts(report.recipe.begin(), report.recipe.end())));
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace newsgenre
