#include "trainer/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/status_macros.h"
#include "trainer/stop.h"

namespace newsgenre {
namespace {

double Ratio(int64_t part, int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

int64_t Metrics::rows() const {
  int64_t rows = 0;
  for (const auto& row : confusion) rows += std::accumulate(row.begin(), row.end(), int64_t{0});
  return rows;
}

int64_t Metrics::correct() const {
  int64_t correct = 0;
  for (size_t label = 0; label < confusion.size(); ++label) correct += confusion[label][label];
  return correct;
}

double Metrics::accuracy() const { return Ratio(correct(), rows()); }

double Metrics::precision(int label) const {
  int64_t predicted = 0;
  for (const auto& row : confusion) predicted += row[label];
  return Ratio(confusion[label][label], predicted);
}

double Metrics::recall(int label) const {
  return Ratio(confusion[label][label],
               std::accumulate(confusion[label].begin(), confusion[label].end(), int64_t{0}));
}

Metrics Evaluate(const std::vector<std::vector<float>>& probabilities, const std::vector<int>& labels) {
  const size_t label_count = probabilities.front().size();
  Metrics metrics;
  metrics.confusion.assign(label_count, std::vector<int64_t>(label_count));
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::vector<float>& row = probabilities[i];
    ++metrics.confusion[labels[i]][std::max_element(row.begin(), row.end()) - row.begin()];
    // A probability that underflowed to 0 costs 87, not infinity.
    metrics.loss -= std::log(std::max(row[labels[i]], std::numeric_limits<float>::min()));
  }
  metrics.loss /= static_cast<double>(labels.size());
  return metrics;
}

absl::StatusOr<Metrics> EvaluateDataset(const Dataset& data, const BatchBudget& budget,
                                        const Predictor& predict, const std::atomic<bool>& stop) {
  std::vector<std::vector<float>> probabilities(data.size());
  for (const RowBatch& rows : PlanEvaluation(data.Lengths(), budget)) {
    RETURN_IF_ERROR(CheckStop(stop));
    std::vector<const Encoding*> texts;
    for (const int32_t row : rows) texts.push_back(&data.texts[row]);
    ASSIGN_OR_RETURN(std::vector<std::vector<float>> predicted, predict(texts));
    for (size_t i = 0; i < rows.size(); ++i) probabilities[rows[i]] = std::move(predicted[i]);
  }
  return Evaluate(probabilities, data.labels);
}

}  // namespace newsgenre
