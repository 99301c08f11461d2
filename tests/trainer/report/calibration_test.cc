#include "trainer/report/calibration.h"

#include <cmath>
#include <random>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

// Probabilities and labels.
struct LabelledProbabilities {
  ProbabilityRows probabilities;
  std::vector<int> labels;

  // Adds rows_by_label[i] rows of label i with this probability.
  void Add(const std::vector<float>& probability, const std::vector<int>& rows_by_label) {
    for (size_t label = 0; label < rows_by_label.size(); ++label) {
      for (int i = 0; i < rows_by_label[label]; ++i) {
        probabilities.push_back(probability);
        labels.push_back(static_cast<int>(label));
      }
    }
  }
};

// Returns labels that agree with the predictions as often as the probabilities say.
LabelledProbabilities Calibrated() {
  LabelledProbabilities rows;
  rows.Add({0.9f, 0.1f}, {180, 20});
  rows.Add({0.4f, 0.6f}, {40, 60});
  return rows;
}

TEST(ApplyTemperatureTest, IsSoftmaxOfTheScaledLogits) {
  // p^(1/2) and p^2, which then sum to one.
  const ProbabilityRows two = ApplyTemperature({{0.64f, 0.36f}}, 2);
  EXPECT_NEAR(two[0][0], 0.8 / 1.4, 1e-6);
  EXPECT_NEAR(two[0][1], 0.6 / 1.4, 1e-6);
  const ProbabilityRows half = ApplyTemperature({{0.5f, 0.25f, 0.25f}}, 0.5);
  EXPECT_NEAR(half[0][0], 4.0 / 6, 1e-6);
  EXPECT_NEAR(half[0][2], 1.0 / 6, 1e-6);
}

TEST(ApplyTemperatureTest, TemperatureOneChangesNothing) {
  const ProbabilityRows same = ApplyTemperature({{0.7f, 0.2f, 0.1f}}, 1);
  EXPECT_NEAR(same[0][0], 0.7, 1e-7);
  EXPECT_NEAR(same[0][1], 0.2, 1e-7);
}

TEST(ApplyTemperatureTest, ProbabilityOfZeroStaysFinite) {
  const ProbabilityRows scaled = ApplyTemperature({{1, 0}}, kMaxTemperature);
  // The smallest float is exp(-87.34).
  EXPECT_NEAR(scaled[0][1], std::exp(-87.34 / 20) / (1 + std::exp(-87.34 / 20)), 1e-4);
}

TEST(FitTemperatureTest, IsOneForCalibratedProbabilities) {
  const LabelledProbabilities rows = Calibrated();
  EXPECT_NEAR(FitTemperature(rows.probabilities, rows.labels), 1, 1e-4);
}

TEST(FitTemperatureTest, UndoesAKnownTemperature) {
  const LabelledProbabilities rows = Calibrated();
  for (const double temperature : {0.25, 0.8, 1.7, 5.0}) {
    const ProbabilityRows distorted = ApplyTemperature(rows.probabilities, 1 / temperature);
    EXPECT_NEAR(FitTemperature(distorted, rows.labels), temperature, 1e-3 * temperature);
  }
}

TEST(FitTemperatureTest, RecoversTheScaleOfRandomLogits) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  LabelledProbabilities rows;
  for (int i = 0; i < 20000; ++i) {
    std::vector<double> weights;
    double sum = 0;
    for (int label = 0; label < 4; ++label) sum += weights.emplace_back(std::exp(2 * normal(random)));
    std::vector<float> row;
    row.reserve(weights.size());
    for (const double weight : weights) row.push_back(static_cast<float>(weight / sum));
    double rest = uniform(random);
    int label = 0;
    while (label < 3 && rest > row[label]) rest -= row[label++];
    rows.probabilities.push_back(row);
    rows.labels.push_back(label);
  }
  const ProbabilityRows sharp = ApplyTemperature(rows.probabilities, 1 / 2.5);
  const double temperature = FitTemperature(sharp, rows.labels);
  EXPECT_NEAR(temperature, 2.5, 0.06);
  const ClassificationMetrics before = Evaluate(sharp, rows.labels);
  const ClassificationMetrics after = Evaluate(ApplyTemperature(sharp, temperature), rows.labels);
  EXPECT_EQ(after.confusion, before.confusion);
  EXPECT_LT(after.loss, before.loss);
  EXPECT_LT(after.ece(), 0.02);
  EXPECT_GT(before.ece(), 0.1);
}

TEST(FitTemperatureTest, StaysWithinItsBounds) {
  LabelledProbabilities wrong;
  wrong.Add({0.9f, 0.1f}, {0, 50});
  EXPECT_NEAR(FitTemperature(wrong.probabilities, wrong.labels), kMaxTemperature, 0.01);
  LabelledProbabilities right;
  right.Add({0.501f, 0.499f}, {20000, 20});
  EXPECT_NEAR(FitTemperature(right.probabilities, right.labels), kMinTemperature, 0.01);
}

TEST(FitTemperatureTest, IsOneWithTooFewMistakes) {
  LabelledProbabilities rows;
  rows.Add({0.6f, 0.4f}, {1000, 19});
  EXPECT_EQ(FitTemperature(rows.probabilities, rows.labels), 1);
  rows.Add({0.6f, 0.4f}, {0, 1});
  EXPECT_LT(FitTemperature(rows.probabilities, rows.labels), 0.5);
}

}  // namespace
}  // namespace newsgenre
