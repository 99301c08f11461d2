#include "trainer/report/evaluate.h"

#include <cmath>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::Field;

TEST(EvaluateTest, ComputesConfusionAndLoss) {
  const ClassificationMetrics metrics =
      Evaluate({{0.5f, 0.25f, 0.25f}, {0.125f, 0.75f, 0.125f}, {0.5f, 0.25f, 0.25f}}, {0, 1, 2});
  EXPECT_THAT(metrics.confusion,
              ElementsAre(ElementsAre(1, 0, 0), ElementsAre(0, 1, 0), ElementsAre(1, 0, 0)));
  EXPECT_EQ(metrics.rows(), 3);
  EXPECT_EQ(metrics.correct(), 2);
  EXPECT_DOUBLE_EQ(metrics.accuracy(), 2.0 / 3);
  EXPECT_NEAR(metrics.loss, -std::log(0.5 * 0.75 * 0.25) / 3, 1e-7);
}

TEST(EvaluateTest, ComputesPrecisionAndRecall) {
  ClassificationMetrics metrics;
  metrics.confusion = {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}};
  EXPECT_DOUBLE_EQ(metrics.precision(0), 0.6);
  EXPECT_DOUBLE_EQ(metrics.recall(0), 0.75);
  EXPECT_DOUBLE_EQ(metrics.precision(1), 0.8);
  EXPECT_DOUBLE_EQ(metrics.recall(1), 4.0 / 6);
  EXPECT_DOUBLE_EQ(metrics.precision(2), 0);
  EXPECT_DOUBLE_EQ(metrics.recall(2), 0);
}

TEST(EvaluateTest, PredictsTheFirstOfEqualProbabilities) {
  EXPECT_EQ(Evaluate({{0.5f, 0.5f}, {0.5f, 0.5f}}, {0, 1}).correct(), 1);
}

TEST(EvaluateTest, ProbabilityOfZeroHasAFiniteLoss) {
  const ClassificationMetrics metrics = Evaluate({{1.0f, 0.0f}}, {1});
  EXPECT_NEAR(metrics.loss, 87.3, 0.1);
}

TEST(EvaluateTest, ComputesF1) {
  ClassificationMetrics metrics;
  metrics.confusion = {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}};
  // 2 · correct / (rows with the label + rows predicted as it).
  EXPECT_DOUBLE_EQ(metrics.f1(0), 6.0 / 9);
  EXPECT_DOUBLE_EQ(metrics.f1(1), 8.0 / 11);
  EXPECT_DOUBLE_EQ(metrics.f1(2), 0);
  EXPECT_DOUBLE_EQ(metrics.macro_f1(), (6.0 / 9 + 8.0 / 11) / 3);
}

TEST(EvaluateTest, BinsPredictionsByConfidence) {
  const ClassificationMetrics metrics =
      Evaluate({{0.9f, 0.1f}, {0.92f, 0.08f}, {0.3f, 0.7f}, {1, 0}}, {0, 1, 1, 0});
  ASSERT_EQ(metrics.bins.size(), 15u);
  const auto expect_bin = [&](int bin, int64_t rows, double confidence, double accuracy) {
    EXPECT_EQ(metrics.bins[bin].rows, rows);
    EXPECT_NEAR(metrics.bins[bin].confidence, confidence, 1e-6);
    EXPECT_NEAR(metrics.bins[bin].accuracy, accuracy, 1e-6);
  };
  expect_bin(13, 2, 0.91, 0.5);  // 13/15 … 14/15
  expect_bin(10, 1, 0.7, 1);     // 10/15 … 11/15
  expect_bin(14, 1, 1, 1);
  expect_bin(9, 0, 0, 0);
  EXPECT_NEAR(metrics.ece(), (2 * 0.41 + 0.3 + 0) / 4, 1e-6);
}

TEST(EvaluateTest, CalibrationErrorIsZeroWithoutBins) { EXPECT_EQ(ClassificationMetrics().ece(), 0); }

TEST(ArticleLossTest, SumsTheMeanLossesOfBatches) {
  const ProbabilityRows probabilities = {
      {0.5f, 0.5f}, {0.25f, 0.75f}, {0.125f, 0.875f}, {0.0625f, 0.9375f}, {0.03125f, 0.96875f}};
  const std::vector<int> labels(5, 0);  // losses of 1, 2, 3, 4 and 5 times ln 2
  const struct {
    int64_t batch_texts;
    double losses;
  } kCases[] = {{1, 15}, {2, 1.5 + 3.5 + 5}, {4, 2.5 + 5}, {5, 3}, {100, 3}};
  for (const auto& test_case : kCases) {
    EXPECT_NEAR(ArticleLoss(probabilities, labels, test_case.batch_texts), test_case.losses * std::log(2) / 5,
                1e-9)
        << test_case.batch_texts;
  }
}

TEST(MostConfidentMistakesTest, AreSortedAndLimited) {
  const ProbabilityRows probabilities = {{0.6f, 0.4f},   {0.9f, 0.1f},   {0.2f, 0.8f},
                                         {0.25f, 0.75f}, {0.75f, 0.25f}, {1, 0}};
  const std::vector<int> labels = {1, 1, 0, 0, 1, 0};
  const std::vector<Mistake> mistakes = MostConfidentMistakes(probabilities, labels, 4);
  EXPECT_THAT(mistakes, ElementsAre(Field(&Mistake::row, 1), Field(&Mistake::row, 2), Field(&Mistake::row, 3),
                                    Field(&Mistake::row, 4)));
  EXPECT_EQ(mistakes[1].label, 0);
  EXPECT_EQ(mistakes[1].predicted, 1);
  EXPECT_FLOAT_EQ(static_cast<float>(mistakes[1].confidence), 0.8f);
  EXPECT_EQ(MostConfidentMistakes(probabilities, labels, 100).size(), 5u);
}

}  // namespace
}  // namespace newsgenre
