#include "trainer/report/report_markdown.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "trainer/report/article.h"
#include "trainer/report/report_tables.h"
#include "trainer/report/report_text.h"

namespace newsgenre {
namespace {

constexpr int kExcerptCharacters = 160;

using Cells = std::vector<std::string>;  // Markdown

std::string Row(const Cells& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + cell + " |";
  return row + "\n";
}

// Aligns the first column to the left and the others to the right.
std::string HeadRow(const Cells& cells) {
  std::string rule = "|---|";
  for (size_t i = 1; i < cells.size(); ++i) rule += "---:|";
  return Row(cells) + rule + "\n";
}

Cells Escaped(const std::string& first, const std::vector<std::string>& texts) {
  Cells cells = {first};
  for (const std::string& text : texts) cells.push_back(EscapeMarkdown(text));
  return cells;
}

std::string Results(const Report& report) {
  const std::vector<NamedMetrics> all = MetricsOf(report);
  if (all.empty()) return "";
  std::string markdown =
      "## Results\n\n" + HeadRow({"rows", "correct", "accuracy", "macro F1", "loss", "calibration error"});
  for (const NamedMetrics& named : all) {
    const ClassificationMetrics& metrics = *named.metrics;
    markdown +=
        Row({named.name, absl::StrFormat("%s of %s", Thousands(metrics.correct()), Thousands(metrics.rows())),
             Percent(metrics.accuracy()), Percent(metrics.macro_f1()), absl::StrFormat("%.4f", metrics.loss),
             Percent(metrics.ece())});
  }
  if (ComparesWithArticle(report)) {
    markdown += absl::StrFormat("\nFor comparison, %s; accuracy %s on %s test rows.\n", kArticle,
                                Percent(kArticleTestAccuracy, 3), Thousands(kArticleTestRows));
  }
  return markdown + "\n";
}

// Returns "9,204 of 10,000", or "" after the article's last epoch.
std::string ArticleCell(int epoch) {
  if (epoch > static_cast<int>(kArticleCorrect.size())) return "";
  return absl::StrFormat("%s of %s", Thousands(kArticleCorrect[epoch - 1]),
                         Thousands(kArticleValidationRows));
}

std::string Epochs(const Report& report) {
  if (report.epochs.empty()) return "";
  const bool article = ComparesWithArticle(report);
  Cells head = {"epoch", "training loss", "validation loss", "accuracy", "correct"};
  if (article) head.push_back("article");
  head.insert(head.end(), {"time", "texts/s"});
  std::string markdown = "## Epochs\n\n" + HeadRow(head);
  for (size_t i = 0; i < report.epochs.size(); ++i) {
    const EpochResult& epoch = report.epochs[i];
    const ClassificationMetrics& validation = epoch.validation;
    Cells cells = {
        static_cast<int>(i) == report.best ? absl::StrFormat("**%d, published**", epoch.epoch)
                                           : absl::StrFormat("%d", epoch.epoch),
        absl::StrFormat("%.4f", epoch.training_loss), absl::StrFormat("%.4f", validation.loss),
        Percent(validation.accuracy()),
        absl::StrFormat("%s of %s", Thousands(validation.correct()), Thousands(validation.rows()))};
    if (article) cells.push_back(ArticleCell(epoch.epoch));
    cells.push_back(Duration(epoch.seconds));
    cells.push_back(Thousands(static_cast<int64_t>(epoch.texts_per_second)));
    markdown += Row(cells);
  }
  return markdown + "\n";
}

std::string Labels(const Report& report) {
  const std::vector<NamedMetrics> all = MetricsOf(report);
  if (all.empty()) return "";
  const ClassificationMetrics& metrics = *all.front().metrics;
  std::string markdown =
      "## Labels, " + all.front().name + "\n\n" + HeadRow({"label", "precision", "recall", "F1"});
  for (size_t i = 0; i < report.labels.size(); ++i) {
    const int label = static_cast<int>(i);
    markdown += Row({EscapeMarkdown(report.labels[i]), Percent(metrics.precision(label)),
                     Percent(metrics.recall(label)), Percent(metrics.f1(label))});
  }
  markdown +=
      "\nRows are true labels, columns are predicted labels.\n\n" + HeadRow(Escaped("", report.labels));
  for (size_t i = 0; i < report.labels.size(); ++i) {
    Cells cells = {EscapeMarkdown(report.labels[i])};
    for (const int64_t count : metrics.confusion[i]) cells.push_back(Thousands(count));
    markdown += Row(cells);
  }
  return markdown + "\n";
}

std::string Mistakes(const Report& report) {
  if (report.mistakes.empty()) return "";
  std::string markdown = "## Most confident mistakes, " + EscapeMarkdown(report.mistakes_file) + "\n\n" +
                         Row({"line", "predicted", "label", "text"}) + "|---:|---|---|---|\n";
  for (const ReportedMistake& mistake : report.mistakes) {
    markdown += Row({absl::StrFormat("%d", mistake.line),
                     EscapeMarkdown(report.labels[mistake.predicted]) + " " + Percent(mistake.confidence),
                     EscapeMarkdown(report.labels[mistake.label]),
                     EscapeMarkdown(Excerpt(mistake.text, kExcerptCharacters))});
  }
  return markdown + "\n";
}

std::string FactTable(const std::string& title, const Facts& facts) {
  std::string markdown = "## " + title + "\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : facts) markdown += Row({EscapeMarkdown(name), EscapeMarkdown(value)});
  return markdown;
}

}  // namespace

std::string ReportMarkdown(const Report& report) {
  std::string markdown =
      absl::StrFormat("# newsgenre %s %s\n\n", KindOf(report), EscapeMarkdown(report.version));
  markdown += Results(report) + Epochs(report) + Labels(report) + Mistakes(report);
  markdown += FactTable("Run", RunFacts(report));
  if (!report.recipe.empty()) {
    markdown += "\n" + FactTable("Recipe", Facts(report.recipe.begin(), report.recipe.end()));
  }
  return markdown;
}

}  // namespace newsgenre
