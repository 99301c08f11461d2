#include "trainer/report/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace newsgenre {
namespace {

using Logits = std::vector<std::vector<double>>;

// Returns the logits up to a constant per row, which softmax cancels. The highest logit of a row is 0.
Logits ToLogits(const ProbabilityRows& probabilities) {
  Logits logits;
  logits.reserve(probabilities.size());
  for (const Probabilities& row : probabilities) {
    std::vector<double>& logit = logits.emplace_back();
    for (const float p : row) {
      logit.push_back(std::log(static_cast<double>(std::max(p, std::numeric_limits<float>::min()))));
    }
    const double highest = *std::max_element(logit.begin(), logit.end());
    for (double& value : logit) value -= highest;
  }
  return logits;
}

// Returns Σ exp(logit / temperature), which is at least 1.
double Normalizer(const std::vector<double>& row, double temperature) {
  double sum = 0;
  for (const double logit : row) sum += std::exp(logit / temperature);
  return sum;
}

// Returns the sum over the rows of -ln softmax(logits / temperature)[label].
double Loss(const Logits& logits, const std::vector<int>& labels, double temperature) {
  double loss = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    loss += std::log(Normalizer(logits[i], temperature)) - logits[i][labels[i]] / temperature;
  }
  return loss;
}

int64_t CountMistakes(const Logits& logits, const std::vector<int>& labels) {
  int64_t mistakes = 0;
  for (size_t i = 0; i < labels.size(); ++i) mistakes += logits[i][labels[i]] < 0 ? 1 : 0;
  return mistakes;
}

}  // namespace

ProbabilityRows ApplyTemperature(const ProbabilityRows& probabilities, double temperature) {
  ProbabilityRows result;
  result.reserve(probabilities.size());
  for (const std::vector<double>& row : ToLogits(probabilities)) {
    const double sum = Normalizer(row, temperature);
    Probabilities& scaled = result.emplace_back();
    for (const double logit : row) scaled.push_back(static_cast<float>(std::exp(logit / temperature) / sum));
  }
  return result;
}

double FitTemperature(const ProbabilityRows& probabilities, const std::vector<int>& labels) {
  const Logits logits = ToLogits(probabilities);
  if (CountMistakes(logits, labels) < kMinMistakes) return 1;
  // Golden-section search over ln T: of two inner points, the one of higher loss becomes a bound.
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(kMinTemperature);
  double high = std::log(kMaxTemperature);
  double left = high - ratio * (high - low);
  double right = low + ratio * (high - low);
  double left_loss = Loss(logits, labels, std::exp(left));
  double right_loss = Loss(logits, labels, std::exp(right));
  while (high - low > 1e-6) {
    if (left_loss < right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left = high - ratio * (high - low);
      left_loss = Loss(logits, labels, std::exp(left));
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right = low + ratio * (high - low);
      right_loss = Loss(logits, labels, std::exp(right));
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace newsgenre
