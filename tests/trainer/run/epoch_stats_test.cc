#include "trainer/run/epoch_stats.h"

#include <ATen/ops/tensor.h>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

// Four texts of 10 tokens in batches of two: two epochs of two steps.
class EpochStatsTest : public testing::Test {
 protected:
  EpochStatsTest() {
    // For each step: the sum of losses, the correct predictions, all predictions.
    records_.Restore(at::tensor({2.0f, 1.0f, 2.0f, 1.0f, 2.0f, 2.0f, 0.5f, 2.0f, 2.0f}).view({3, 3}));
    state_.step = 3;
    state_.epochs.resize(1);
    state_.training_seconds = 4;
  }

  const RunPlan plan_{{10, 10, 10, 10}, {20, 2}, 2, 1};
  StepRecords records_{4, c10::kCPU};
  const LrSchedule schedule_{0.1, 0, 4};
  TrainingState state_;
};

TEST_F(EpochStatsTest, ComputesProgressWithinAnEpoch) {
  const ProgressState progress = ComputeProgress({plan_, records_, schedule_, state_});
  EXPECT_EQ(progress.epoch, 2);
  EXPECT_EQ(progress.epochs, 2);
  EXPECT_EQ(progress.step, 3);
  EXPECT_EQ(progress.steps, 4);
  EXPECT_EQ(progress.loss, 0.25);
  EXPECT_EQ(progress.accuracy, 1);
  EXPECT_NEAR(progress.learning_rate, 0.05, 1e-12);
  EXPECT_EQ(progress.texts_per_second, 0.5);
  EXPECT_EQ(progress.tokens_per_second, 5);
  EXPECT_EQ(progress.seconds_left, 4);
}

TEST_F(EpochStatsTest, SummarizesAnEpochAtItsEnd) {
  state_.step = 2;
  state_.epochs.clear();
  const EpochResult result = SummarizeEpoch({plan_, records_, schedule_, state_});
  EXPECT_EQ(result.epoch, 1);
  EXPECT_EQ(result.steps, 2);
  EXPECT_EQ(result.training_loss, 0.75);
  EXPECT_EQ(result.training_article_loss, (1.0 + 0.5) / 4);  // sum of the batches' means over the rows
  EXPECT_EQ(result.training_correct, 3);
  EXPECT_EQ(result.training_accuracy, 0.75);
  EXPECT_EQ(result.texts_per_second, 1);
  EXPECT_EQ(result.tokens_per_second, 10);
}

// Without validation no epoch is recorded in the state.
TEST_F(EpochStatsTest, ComputesProgressOverTheLastSteps) {
  state_.epochs.clear();
  const ProgressState last = ComputeProgress({plan_, records_, schedule_, state_}, 2);
  EXPECT_EQ(last.epoch, 2);
  EXPECT_EQ(last.loss, 0.375);
  EXPECT_EQ(last.accuracy, 1);
  EXPECT_EQ(last.texts_per_second, 1.5);
  EXPECT_EQ(last.tokens_per_second, 15);
  EXPECT_NEAR(last.seconds_left, 2 / 1.5, 1e-12);
  // Only three steps are done.
  const ProgressState all = ComputeProgress({plan_, records_, schedule_, state_}, 100);
  EXPECT_EQ(all.loss, 3.5 / 6);
  EXPECT_EQ(all.accuracy, 5.0 / 6);
  EXPECT_EQ(all.texts_per_second, 1.5);
}

// In pre-training, a text has several predictions, one per masked token.
TEST_F(EpochStatsTest, AveragesLossesOverPredictionsAndRatesOverTexts) {
  records_.Restore(at::tensor({2.0f, 1.0f, 2.0f, 1.0f, 2.0f, 2.0f, 0.5f, 2.0f, 8.0f}).view({3, 3}));
  const ProgressState progress = ComputeProgress({plan_, records_, schedule_, state_});
  EXPECT_EQ(progress.loss, 0.0625);
  EXPECT_EQ(progress.accuracy, 0.25);
  EXPECT_EQ(progress.texts_per_second, 0.5);
  EXPECT_EQ(progress.tokens_per_second, 5);
}

TEST_F(EpochStatsTest, RatesAreZeroWithoutTime) {
  state_.training_seconds = 0;
  const ProgressState progress = ComputeProgress({plan_, records_, schedule_, state_});
  EXPECT_EQ(progress.texts_per_second, 0);
  EXPECT_EQ(progress.seconds_left, 0);
}

TEST_F(EpochStatsTest, RefusesEpochsOfOtherRows) {
  state_.validation = {{{0.75f, 0.25f}, {0.25f, 0.75f}}};
  ASSERT_THAT(EvaluateEpochs({0, 0}, 2, &state_), IsOk());
  EXPECT_EQ(state_.epochs[0].validation.correct(), 1);
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("other validation rows"));
  EXPECT_THAT(EvaluateEpochs({0, 0, 0}, 2, &state_), refused);
  EXPECT_THAT(EvaluateEpochs({0, 0}, 3, &state_), refused);
}

TEST(FirstLinesTest, ReturnsAtMostEightLines) {
  Dataset data;
  for (int line = 1; line <= 9; ++line) data.Add({{2, 3}}, 0, 10 * line);
  EXPECT_EQ(FirstLines(data, {2, 0}), "30, 10");
  EXPECT_EQ(FirstLines(data, {0, 1, 2, 3, 4, 5, 6, 7, 8}), "10, 20, 30, 40, 50, 60, 70, 80, …");
}

}  // namespace
}  // namespace newsgenre
