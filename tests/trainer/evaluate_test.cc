#include "trainer/evaluate.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

TEST(EvaluateTest, CountsAndLoss) {
  const Metrics metrics =
      Evaluate({{0.5f, 0.25f, 0.25f}, {0.125f, 0.75f, 0.125f}, {0.5f, 0.25f, 0.25f}}, {0, 1, 2});
  EXPECT_THAT(metrics.confusion,
              ElementsAre(ElementsAre(1, 0, 0), ElementsAre(0, 1, 0), ElementsAre(1, 0, 0)));
  EXPECT_EQ(metrics.rows(), 3);
  EXPECT_EQ(metrics.correct(), 2);
  EXPECT_DOUBLE_EQ(metrics.accuracy(), 2.0 / 3);
  EXPECT_NEAR(metrics.loss, -std::log(0.5 * 0.75 * 0.25) / 3, 1e-7);
}

TEST(EvaluateTest, PrecisionAndRecall) {
  Metrics metrics;
  metrics.confusion = {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}};
  EXPECT_DOUBLE_EQ(metrics.precision(0), 0.6);
  EXPECT_DOUBLE_EQ(metrics.recall(0), 0.75);
  EXPECT_DOUBLE_EQ(metrics.precision(1), 0.8);
  EXPECT_DOUBLE_EQ(metrics.recall(1), 4.0 / 6);
  EXPECT_DOUBLE_EQ(metrics.precision(2), 0);
  EXPECT_DOUBLE_EQ(metrics.recall(2), 0);
}

TEST(EvaluateTest, TheFirstOfEqualProbabilitiesWins) {
  EXPECT_EQ(Evaluate({{0.5f, 0.5f}, {0.5f, 0.5f}}, {0, 1}).correct(), 1);
}

TEST(EvaluateTest, AProbabilityOfZeroCostsAFiniteLoss) {
  const Metrics metrics = Evaluate({{1.0f, 0.0f}}, {1});
  EXPECT_NEAR(metrics.loss, 87.3, 0.1);
}

const std::atomic<bool> kGoOn{false};

// Texts of 2, 3 and 4 tokens; a text's first id says what is predicted.
Dataset ThreeTexts() {
  Dataset data;
  data.texts = {{{0, 9}, false}, {{1, 9, 9}, false}, {{1, 9, 9, 9}, false}};
  data.labels = {0, 1, 0};
  return data;
}

TEST(EvaluateDatasetTest, EachTextKeepsItsPrediction) {
  std::vector<size_t> batch_sizes;
  const auto metrics = EvaluateDataset(
      ThreeTexts(), {7, 2},
      [&](const std::vector<const Encoding*>& texts) {
        batch_sizes.push_back(texts.size());
        std::vector<std::vector<float>> probabilities;
        for (const Encoding* text : texts) {
          probabilities.push_back(text->ids[0] == 0 ? std::vector<float>{1, 0} : std::vector<float>{0, 1});
        }
        return absl::StatusOr<std::vector<std::vector<float>>>(probabilities);
      },
      kGoOn);
  ASSERT_THAT(metrics, IsOk());
  EXPECT_THAT(batch_sizes, ElementsAre(2, 1));
  EXPECT_THAT(metrics->confusion, ElementsAre(ElementsAre(1, 1), ElementsAre(0, 1)));
}

TEST(EvaluateDatasetTest, ErrorsArePassedOn) {
  EXPECT_THAT(EvaluateDataset(
                  ThreeTexts(), {7, 2},
                  [](const std::vector<const Encoding*>&) { return absl::InternalError("broken"); }, kGoOn),
              StatusIs(absl::StatusCode::kInternal, "broken"));
}

TEST(EvaluateDatasetTest, StopsBetweenBatches) {
  std::atomic<bool> stop{false};
  int batches = 0;
  const auto predict = [&](const std::vector<const Encoding*>& texts) {
    ++batches;
    stop = true;
    return absl::StatusOr<std::vector<std::vector<float>>>({texts.size(), {1, 0}});
  };
  EXPECT_THAT(EvaluateDataset(ThreeTexts(), {7, 2}, predict, stop),
              StatusIs(absl::StatusCode::kCancelled, testing::_));
  EXPECT_EQ(batches, 1);
}

}  // namespace
}  // namespace newsgenre
