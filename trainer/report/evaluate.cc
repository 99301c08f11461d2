#include "trainer/report/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace newsgenre {
namespace {

double Ratio(int64_t part, int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

int Prediction(const Probabilities& row) {
  return static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
}

double RowLoss(const Probabilities& row, int label) {
  return -std::log(static_cast<double>(std::max(row[label], std::numeric_limits<float>::min())));
}

size_t BinOf(double probability) {
  const double bin = std::ceil(probability * kCalibrationBins) - 1;
  return static_cast<size_t>(std::clamp(bin, 0.0, kCalibrationBins - 1.0));
}

}  // namespace

int64_t ClassificationMetrics::rows() const {
  int64_t rows = 0;
  for (const auto& row : confusion) rows += std::accumulate(row.begin(), row.end(), int64_t{0});
  return rows;
}

int64_t ClassificationMetrics::correct() const {
  int64_t correct = 0;
  for (size_t label = 0; label < confusion.size(); ++label) correct += confusion[label][label];
  return correct;
}

double ClassificationMetrics::accuracy() const { return Ratio(correct(), rows()); }

double ClassificationMetrics::precision(int label) const {
  int64_t predicted = 0;
  for (const auto& row : confusion) predicted += row[label];
  return Ratio(confusion[label][label], predicted);
}

double ClassificationMetrics::recall(int label) const {
  return Ratio(confusion[label][label],
               std::accumulate(confusion[label].begin(), confusion[label].end(), int64_t{0}));
}

double ClassificationMetrics::f1(int label) const {
  const double sum = precision(label) + recall(label);
  return sum == 0 ? 0 : 2 * precision(label) * recall(label) / sum;
}

double ClassificationMetrics::macro_f1() const {
  double sum = 0;
  for (size_t label = 0; label < confusion.size(); ++label) sum += f1(static_cast<int>(label));
  return confusion.empty() ? 0 : sum / static_cast<double>(confusion.size());
}

double ClassificationMetrics::ece() const {
  int64_t rows = 0;
  double sum = 0;
  for (const CalibrationBin& bin : bins) {
    rows += bin.rows;
    sum += static_cast<double>(bin.rows) * std::abs(bin.accuracy - bin.confidence);
  }
  return rows == 0 ? 0 : sum / static_cast<double>(rows);
}

ClassificationMetrics Evaluate(const ProbabilityRows& probabilities, const std::vector<int>& labels) {
  const size_t label_count = probabilities.front().size();
  ClassificationMetrics metrics;
  metrics.confusion.assign(label_count, std::vector<int64_t>(label_count));
  metrics.bins.resize(kCalibrationBins);
  for (size_t i = 0; i < labels.size(); ++i) {
    const int predicted = Prediction(probabilities[i]);
    ++metrics.confusion[labels[i]][predicted];
    metrics.loss += RowLoss(probabilities[i], labels[i]);
    CalibrationBin& bin = metrics.bins[BinOf(probabilities[i][predicted])];
    ++bin.rows;
    bin.confidence += probabilities[i][predicted];
    bin.accuracy += predicted == labels[i] ? 1 : 0;
  }
  metrics.loss /= static_cast<double>(labels.size());
  for (CalibrationBin& bin : metrics.bins) {
    if (bin.rows == 0) continue;
    bin.confidence /= static_cast<double>(bin.rows);
    bin.accuracy /= static_cast<double>(bin.rows);
  }
  return metrics;
}

bool IsBetter(const ClassificationMetrics& a, const ClassificationMetrics& b) {
  return a.correct() != b.correct() ? a.correct() > b.correct() : a.loss < b.loss;
}

double ArticleLoss(const ProbabilityRows& probabilities, const std::vector<int>& labels,
                   int64_t batch_texts) {
  const size_t batch = static_cast<size_t>(batch_texts);
  double sum = 0;
  for (size_t begin = 0; begin < labels.size(); begin += batch) {
    const size_t end = std::min(begin + batch, labels.size());
    double losses = 0;
    for (size_t i = begin; i < end; ++i) losses += RowLoss(probabilities[i], labels[i]);
    sum += losses / static_cast<double>(end - begin);
  }
  return sum / static_cast<double>(labels.size());
}

std::vector<Mistake> MostConfidentMistakes(const ProbabilityRows& probabilities,
                                           const std::vector<int>& labels, int64_t limit) {
  std::vector<Mistake> mistakes;
  for (size_t i = 0; i < labels.size(); ++i) {
    const int predicted = Prediction(probabilities[i]);
    if (predicted == labels[i]) continue;
    mistakes.push_back({static_cast<int64_t>(i), labels[i], predicted, probabilities[i][predicted]});
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  if (static_cast<int64_t>(mistakes.size()) > limit) mistakes.resize(static_cast<size_t>(limit));
  return mistakes;
}

}  // namespace newsgenre
