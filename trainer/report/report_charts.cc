#include "trainer/report/report_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "trainer/report/article.h"
#include "trainer/report/report_text.h"
#include "trainer/report/svg_plot.h"

namespace newsgenre {
namespace {

struct PlotSeries {
  std::string name;
  std::string style;  // CSS class
  std::vector<PlotPoint> points;
};

struct LegendItem {
  std::string name;
  std::string style;
};

std::string Figure(const std::string& title, const std::vector<LegendItem>& legend, const SvgPlot& plot) {
  std::string html = "<figure><figcaption>" + EscapeHtml(title) + "</figcaption>\n";
  if (legend.empty()) return html + plot.Svg() + "</figure>\n";
  html += "<ul class=\"legend\">";
  for (const LegendItem& item : legend) {
    absl::StrAppendFormat(&html, "<li><i class=\"key %s\"></i>%s</li>", item.style, EscapeHtml(item.name));
  }
  return html + "</ul>\n" + plot.Svg() + "</figure>\n";
}

// Returns the bounds of all points with a finite y.
PlotBox Bounds(const std::vector<PlotSeries>& all) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  PlotBox bounds{{kInfinity, kInfinity}, {-kInfinity, -kInfinity}};
  for (const PlotSeries& series : all) {
    for (const PlotPoint& point : series.points) {
      if (!std::isfinite(point.y)) continue;
      bounds.from = {std::min(bounds.from.x, point.x), std::min(bounds.from.y, point.y)};
      bounds.to = {std::max(bounds.to.x, point.x), std::max(bounds.to.y, point.y)};
    }
  }
  return std::isfinite(bounds.from.x) ? bounds : PlotBox{{0, 0}, {1, 1}};
}

std::vector<LegendItem> Legend(const std::vector<PlotSeries>& all) {
  std::vector<LegendItem> legend;
  legend.reserve(all.size());
  for (const PlotSeries& series : all) legend.push_back({series.name, series.style});
  return legend;
}

std::string Value(double value, Unit unit) {
  return unit == Unit::kPercent ? Percent(value) : absl::StrFormat("%.4f", value);
}

constexpr int kMaxDots = 40;  // the dots of more epochs would overlap

struct EpochPlot {
  std::string title;
  std::string axis;
  Unit unit;
  double max_low;  // the highest value that the vertical axis may start at
  std::vector<PlotSeries> series;
};

// `published` is the point of the published epoch, which gets a ring.
std::string EpochFigure(const EpochPlot& plot, const PlotPoint& published) {
  const PlotBox bounds = Bounds(plot.series);
  const double low = std::min(bounds.from.y, plot.max_low);
  const double margin = std::min(0.5, (bounds.to.x - bounds.from.x) / 25);  // so that dots are not cut off
  SvgPlot svg(plot.title, ExactAxis("epoch", bounds.from.x - margin, bounds.to.x + margin, Unit::kCount),
              RoundAxis(plot.axis, std::min(low, bounds.to.y - 0.01), bounds.to.y, plot.unit));
  for (const PlotSeries& series : plot.series) svg.AddLine(series.points, series.style);
  for (const PlotSeries& series : plot.series) {
    if (bounds.to.x > kMaxDots) break;
    for (const PlotPoint& point : series.points) {
      svg.AddDot(point, series.style,
                 absl::StrFormat("%s, epoch %.0f: %s", series.name, point.x, Value(point.y, plot.unit)));
    }
  }
  svg.AddDot(published, "published",
             absl::StrFormat("published: epoch %.0f, %s", published.x, Value(published.y, plot.unit)));
  std::vector<LegendItem> legend = Legend(plot.series);
  legend.push_back({"published", "published"});
  return Figure(plot.title, legend, svg);
}

PlotSeries ArticleSeries() {
  PlotSeries series{"article, validation", "article", {}};
  for (size_t i = 0; i < kArticleCorrect.size(); ++i) {
    series.points.push_back({static_cast<double>(i + 1), static_cast<double>(kArticleCorrect[i]) /
                                                             static_cast<double>(kArticleValidationRows)});
  }
  return series;
}

// Adds a bin: its number of rows, its accuracy, and the gap to its mean confidence.
void AddBin(const CalibrationBin& bin, double index, SvgPlot* plot) {
  if (bin.rows == 0) return;
  const double from = index / kCalibrationBins;
  const double to = (index + 1) / kCalibrationBins;
  const std::string tip = absl::StrFormat("%s texts, mean confidence %s, accuracy %s", Thousands(bin.rows),
                                          Percent(bin.confidence), Percent(bin.accuracy));
  plot->AddBox({{from, 0}, {to, bin.accuracy}}, "accuracy", tip);
  plot->AddBox({{from, bin.accuracy}, {to, bin.confidence}}, "gap", tip);
  plot->AddHeadText((from + to) / 2, Thousands(bin.rows));
}

std::string Reliability(const NamedMetrics& named) {
  constexpr double kHead = 44;  // space for a count of seven digits
  const std::string title = absl::StrFormat("%s: ECE %s", named.name, Percent(named.metrics->ece()));
  SvgPlot plot(title, ExactAxis("confidence: probability of the predicted label", 0, 1, Unit::kPercent),
               ExactAxis("accuracy; top: texts per range", 0, 1, Unit::kPercent), kHead);
  const std::vector<CalibrationBin>& bins = named.metrics->bins;
  for (size_t i = 0; i < bins.size(); ++i) AddBin(bins[i], static_cast<double>(i), &plot);
  plot.AddLine({{0, 0}, {1, 1}}, "ideal");
  return Figure(title, {{"accuracy", "accuracy"}, {"gap to mean confidence", "gap"}, {"ideal", "ideal"}},
                plot);
}

std::string StepFigure(const PlotSeries& series, const std::string& axis) {
  const PlotBox bounds = Bounds({series});
  SvgPlot plot(series.name + " by step", ExactAxis("step", 0, bounds.to.x, Unit::kCount),
               RoundAxis(axis, std::min(0.0, bounds.from.y), bounds.to.y, Unit::kNumber));
  plot.AddLine(series.points, series.style);
  if (series.points.size() == 1) plot.AddDot(series.points.front(), series.style, "");
  return Figure(series.name + " by step", {}, plot);
}

}  // namespace

std::string EpochCharts(const Report& report) {
  if (report.epochs.empty()) return "";
  PlotSeries training_accuracy{"training", "training", {}};
  PlotSeries validation_accuracy{"validation", "validation", {}};
  PlotSeries training_loss = training_accuracy;
  PlotSeries validation_loss = validation_accuracy;
  for (const EpochResult& epoch : report.epochs) {
    const double x = epoch.epoch;
    training_accuracy.points.push_back({x, epoch.training_accuracy});
    validation_accuracy.points.push_back({x, epoch.validation.accuracy()});
    training_loss.points.push_back({x, epoch.training_loss});
    validation_loss.points.push_back({x, epoch.validation.loss});
  }
  EpochPlot accuracy;
  accuracy.title = "Accuracy by epoch";
  accuracy.axis = "accuracy";
  accuracy.unit = Unit::kPercent;
  accuracy.max_low = 1;
  if (ComparesWithArticle(report)) accuracy.series.push_back(ArticleSeries());
  accuracy.series.insert(accuracy.series.end(), {training_accuracy, validation_accuracy});
  EpochPlot loss;
  loss.title = "Loss by epoch";
  loss.axis = "cross-entropy, nats per text";
  loss.unit = Unit::kNumber;
  loss.max_low = 0;
  loss.series = {training_loss, validation_loss};
  return EpochFigure(accuracy, validation_accuracy.points[report.best]) +
         EpochFigure(loss, validation_loss.points[report.best]);
}

std::string StepCharts(const Report& report) {
  if (report.steps.empty()) return "";
  PlotSeries loss{"Training loss", "training", {}};
  PlotSeries rate{"Learning rate", "validation", {}};
  for (const StepPoint& point : report.steps) {
    const double x = static_cast<double>(point.step);
    loss.points.push_back({x, point.loss});
    rate.points.push_back({x, point.learning_rate});
  }
  const char* const unit =
      report.held_out.has_value() ? "cross-entropy, nats per token" : "cross-entropy, nats per text";
  return StepFigure(loss, unit) + StepFigure(rate, "learning rate, per step");
}

std::string ReliabilityCharts(const Report& report) {
  std::string html;
  const std::vector<NamedMetrics> all = MetricsOf(report);
  for (auto named = all.rbegin(); named != all.rend(); ++named) {
    if (!named->metrics->bins.empty()) html += Reliability(*named);
  }
  return html;
}

std::string LengthChart(const Report& report) {
  if (!report.lengths.has_value()) return "";
  const LengthHistogram& lengths = *report.lengths;
  const int64_t most = *std::max_element(lengths.rows.begin(), lengths.rows.end());
  const int longest = static_cast<int>(lengths.rows.size()) * lengths.bin_tokens;
  const std::string title = KindOf(report) == "evaluation" ? "Lengths of texts" : "Lengths of training texts";
  SvgPlot plot(title, ExactAxis("length, tokens", 0, longest, Unit::kCount),
               RoundAxis("texts", 0, static_cast<double>(most), Unit::kCount));
  for (size_t i = 0; i < lengths.rows.size(); ++i) {
    const int first = static_cast<int>(i) * lengths.bin_tokens;
    const std::string tip = absl::StrFormat("%d to %d tokens: %s texts", first + 1,
                                            first + lengths.bin_tokens, Thousands(lengths.rows[i]));
    plot.AddBox({{first + 0.0, 0},
                 {static_cast<double>(first + lengths.bin_tokens), static_cast<double>(lengths.rows[i])}},
                "validation", tip);
  }
  return Figure(title, {}, plot);
}

}  // namespace newsgenre
