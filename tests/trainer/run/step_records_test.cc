#include "trainer/run/step_records.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <limits>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::StartsWith;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

BatchResult Result(float loss, int64_t correct, int64_t count) {
  return {at::tensor(loss)[0], at::tensor(correct)[0], count};
}

class StepRecordsTest : public testing::Test {
 protected:
  StepRecordsTest() { at::set_num_threads(1); }

  void Add(int64_t step, float loss, int64_t correct, int64_t count = 1) {
    records_.Add(step, Result(loss, correct, count));
  }

  // Adds steps with these mean losses.
  void AddMeans(const std::vector<float>& means) {
    for (size_t step = 0; step < means.size(); ++step) Add(static_cast<int64_t>(step), 2 * means[step], 0, 2);
    records_.Fetch(static_cast<int64_t>(means.size()));
  }

  StepRecords records_{/*steps=*/20, c10::kCPU};
};

TEST_F(StepRecordsTest, SumsMicroBatchesAndSteps) {
  Add(0, 0.5f, 1);
  Add(0, 0.25f, 1);
  Add(1, 3, 0, 2);
  Add(2, 8, 1, 2);
  EXPECT_EQ(records_.fetched(), 0);
  records_.Fetch(3);
  EXPECT_EQ(records_.fetched(), 3);
  EXPECT_EQ(records_.MeanLoss(0), 0.375);
  EXPECT_EQ(records_.MeanLoss(1), 1.5);
  const StepSums all = records_.Sum(0, 3);
  EXPECT_EQ(all.predictions, 6);
  EXPECT_EQ(all.correct, 3);
  EXPECT_EQ(all.loss, 11.75);
  EXPECT_EQ(all.mean_loss, 0.375 + 1.5 + 4);
  EXPECT_EQ(records_.Sum(1, 2).loss, 3);
  EXPECT_EQ(records_.Sum(2, 2).predictions, 0);
}

// Micro-batches and steps can differ in size: the mean of a step is over its own predictions.
TEST_F(StepRecordsTest, MeansAreOverAStepsPredictions) {
  Add(0, 6, 1, 2);
  Add(1, 5, 1, 30);
  Add(1, 1, 1, 10);
  records_.Fetch(3);
  EXPECT_EQ(records_.MeanLoss(0), 3);
  EXPECT_EQ(records_.MeanLoss(1), 0.15);
  EXPECT_EQ(records_.MeanLoss(2), 0);
  EXPECT_EQ(records_.Sum(0, 3).mean_loss, 3.15);
  EXPECT_EQ(records_.Sum(0, 3).predictions, 42);
}

TEST_F(StepRecordsTest, ResetDiscardsAStep) {
  Add(0, 1, 1);
  Add(1, 5, 2);
  records_.Reset(1);
  Add(1, 0.5f, 1);
  records_.Fetch(2);
  EXPECT_EQ(records_.Sum(0, 2).loss, 1.5);
  EXPECT_EQ(records_.Sum(0, 2).correct, 2);
  EXPECT_EQ(records_.Sum(0, 2).predictions, 2);
}

TEST_F(StepRecordsTest, FetchesStepByStep) {
  Add(0, 1, 0);
  records_.Fetch(1);
  records_.Fetch(1);
  Add(1, 2, 0);
  Add(2, 4, 0);
  records_.Fetch(3);
  EXPECT_EQ(records_.Sum(0, 3).loss, 7);
}

TEST_F(StepRecordsTest, RestoresACopy) {
  Add(0, 0.1f, 1, 4);
  Add(1, 0.3f, 2, 5);
  Add(2, 9, 2, 6);
  records_.Fetch(2);
  const at::Tensor copy = records_.Copy();
  EXPECT_TRUE(at::equal(copy, at::tensor({0.1f, 1.0f, 4.0f, 0.3f, 2.0f, 5.0f}).view({2, 3})));
  Add(3, 7, 1);
  records_.Fetch(4);
  EXPECT_EQ(copy.size(0), 2);

  StepRecords other(20, c10::kCPU);
  other.Restore(copy);
  EXPECT_EQ(other.fetched(), 2);
  other.Add(2, Result(4, 1, 2));
  other.Fetch(3);
  EXPECT_EQ(other.MeanLoss(1), records_.MeanLoss(1));
  EXPECT_EQ(other.Sum(0, 3).correct, 4);
  EXPECT_EQ(other.Sum(0, 3).predictions, 11);
  EXPECT_TRUE(at::equal(other.Copy().narrow(0, 0, 2), copy));
}

TEST_F(StepRecordsTest, OrdinaryLossesDoNotDiverge) {
  AddMeans({1.4f, 1.5f, 1.3f, 9, 1.2f, 1.1f, 1, 1, 1, 0.9f, 0.8f, 0.7f});
  EXPECT_EQ(FindDivergence(records_, 0, 4).step, -1);
  EXPECT_EQ(FindDivergence(records_, 12, 4).step, -1);
}

TEST_F(StepRecordsTest, ALossThatIsNotFiniteDiverges) {
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
    StepRecords records(20, c10::kCPU);
    for (const int64_t step : {0, 1, 2, 3, 4}) {
      records.Add(step, Result(step == 3 ? bad : 1, 1, 1));
    }
    records.Fetch(3);
    EXPECT_EQ(FindDivergence(records, 0, 4).step, -1);  // step 3 is not fetched
    records.Fetch(5);
    const Divergence divergence = FindDivergence(records, 3, 4);
    EXPECT_EQ(divergence.step, 3);
    EXPECT_EQ(divergence.problem, "the loss is no longer a number");
    EXPECT_EQ(FindDivergence(records, 4, 4).step, -1);
  }
}

// ln 4 is 1.386.
TEST_F(StepRecordsTest, TenStepsAboveTenTimesChanceDiverge) {
  std::vector<float> means(14, 1);
  for (size_t step = 2; step < means.size(); ++step) means[step] = 15;
  AddMeans(means);
  const Divergence divergence = FindDivergence(records_, 0, 4);
  EXPECT_EQ(divergence.step, 11);  // up to step 10 the mean is 13.6
  EXPECT_THAT(divergence.problem,
              StartsWith("the loss explodes: its mean over 10 steps is 15, the limit is 13.86"));
  EXPECT_EQ(FindDivergence(records_, 12, 4).step, 12);
  EXPECT_EQ(FindDivergence(records_, 0, 100).step, -1);
  EXPECT_EQ(FindDivergence(records_, 0, 1).step, 9);  // a single class counts as two
}

TEST_F(StepRecordsTest, FewerThanTenStepsDoNotExplode) {
  AddMeans(std::vector<float>(9, 1000));
  EXPECT_EQ(FindDivergence(records_, 0, 4).step, -1);
}

TEST_F(StepRecordsTest, ASingleHighLossDoesNotDiverge) {
  std::vector<float> means(20, 1);
  means[14] = 100;
  AddMeans(means);
  EXPECT_EQ(FindDivergence(records_, 0, 4).step, -1);
}

}  // namespace
}  // namespace newsgenre
