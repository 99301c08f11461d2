#include "trainer/data/epoch_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gmock/gmock.h"
#include "trainer/data/random.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int32_t> RandomLengths(int rows, int longest) {
  Random random(5);
  std::vector<int32_t> lengths(rows);
  for (int32_t& length : lengths) length = 2 + static_cast<int32_t>(random.Below(longest - 1));
  return lengths;
}

std::vector<int32_t> RowsInOrder(const std::vector<RowBatch>& batches) {
  std::vector<int32_t> rows;
  for (const RowBatch& batch : batches) rows.insert(rows.end(), batch.begin(), batch.end());
  return rows;
}

int64_t Tokens(const RowBatch& batch, const std::vector<int32_t>& lengths) {
  int64_t tokens = 0;
  for (const int32_t row : batch) tokens += lengths[row];
  return tokens;
}

// Expects every row once, and batches within the budget.
void ExpectValid(const std::vector<RowBatch>& batches, const std::vector<int32_t>& lengths,
                 BatchBudget budget) {
  std::vector<int32_t> rows = RowsInOrder(batches);
  std::sort(rows.begin(), rows.end());
  std::vector<int32_t> every_row(lengths.size());
  std::iota(every_row.begin(), every_row.end(), 0);
  EXPECT_EQ(rows, every_row);
  for (const RowBatch& batch : batches) {
    EXPECT_FALSE(batch.empty());
    EXPECT_LE(batch.size(), static_cast<size_t>(budget.texts));
    EXPECT_TRUE(batch.size() == 1 || Tokens(batch, lengths) <= budget.tokens);
  }
}

TEST(EpochPlanTest, ContainsEveryRowOnceWithinTheBudget) {
  for (const int rows : {1, 7, 1000, 20000}) {
    for (const BatchBudget budget : {BatchBudget{512, 16}, {64, 1000}, {1, 1}, {1 << 30, 1 << 30}}) {
      const std::vector<int32_t> lengths = RandomLengths(rows, 120);
      ExpectValid(PlanEpoch(lengths, budget, 1, 0), lengths, budget);
      ExpectValid(PlanEvaluation(lengths, budget), lengths, budget);
    }
  }
}

TEST(EpochPlanTest, IsEmptyWithoutRows) { EXPECT_THAT(PlanEpoch({}, {512, 16}, 1, 0), IsEmpty()); }

TEST(EpochPlanTest, DependsOnSeedAndEpoch) {
  const std::vector<int32_t> lengths = RandomLengths(500, 60);
  const BatchBudget budget{256, 8};
  const auto plan = PlanEpoch(lengths, budget, 1, 0);
  EXPECT_EQ(PlanEpoch(lengths, budget, 1, 0), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 1, 1), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 2, 0), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 2, 0), PlanEpoch(lengths, budget, 1, 1));
}

TEST(EpochPlanTest, BatchesAreFullAndHaveSimilarLengths) {
  const std::vector<int32_t> lengths = RandomLengths(20000, 120);
  const BatchBudget budget{2048, 1000};
  const auto batches = PlanEpoch(lengths, budget, 1, 0);
  int64_t padding = 0, all = 0;
  for (const RowBatch& batch : batches) {
    int32_t longest = 0;
    for (const int32_t row : batch) longest = std::max(longest, lengths[row]);
    padding += longest * static_cast<int64_t>(batch.size()) - Tokens(batch, lengths);
    all += Tokens(batch, lengths);
  }
  EXPECT_LT(padding, all / 20);
  EXPECT_LT(static_cast<int64_t>(batches.size()) * budget.tokens, all * 11 / 10);
}

TEST(EpochPlanTest, BatchesAreNotOrderedByLength) {
  const std::vector<int32_t> lengths = RandomLengths(20000, 120);
  const auto batches = PlanEpoch(lengths, {2048, 1000}, 1, 0);
  int longer_than_the_one_before = 0;
  for (size_t i = 1; i < batches.size(); ++i) {
    longer_than_the_one_before += lengths[batches[i][0]] > lengths[batches[i - 1][0]];
  }
  EXPECT_GT(longer_than_the_one_before, static_cast<int>(batches.size()) * 4 / 10);
  EXPECT_LT(longer_than_the_one_before, static_cast<int>(batches.size()) * 6 / 10);
}

TEST(EpochPlanTest, EvaluationStartsWithTheLongestRows) {
  EXPECT_THAT(PlanEvaluation({3, 9, 5, 9, 4}, {14, 3}),
              ElementsAre(RowBatch{1}, RowBatch{3, 2}, RowBatch{4, 0}));
}

// Counts for each row the epochs in which it is in the first quarter of the batches.
std::vector<int> EarlyCounts(const std::vector<int32_t>& lengths, BatchBudget budget, int epochs) {
  std::vector<int> counts(lengths.size());
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto batches = PlanEpoch(lengths, budget, 1, epoch);
    for (size_t i = 0; i < batches.size() / 4; ++i) {
      for (const int32_t row : batches[i]) ++counts[row];
    }
  }
  return counts;
}

// Counts for each pair of rows in [from, to) the epochs in which both are in the same batch.
std::vector<int> PairCounts(const std::vector<std::vector<RowBatch>>& epochs, int32_t from, int32_t to) {
  const int32_t rows = to - from;
  std::vector<int> square(rows * rows), counts;
  for (const auto& batches : epochs) {
    for (const RowBatch& batch : batches) {
      for (const int32_t a : batch) {
        for (const int32_t b : batch) {
          if (from <= a && a < b && b < to) ++square[(a - from) * rows + b - from];
        }
      }
    }
  }
  for (int32_t a = 0; a < rows; ++a) {
    for (int32_t b = a + 1; b < rows; ++b) counts.push_back(square[a * rows + b]);
  }
  return counts;
}

std::vector<std::vector<RowBatch>> PlanEpochs(const std::vector<int32_t>& lengths, BatchBudget budget,
                                              int epochs) {
  std::vector<std::vector<RowBatch>> plans;
  for (int epoch = 0; epoch < epochs; ++epoch) plans.push_back(PlanEpoch(lengths, budget, 1, epoch));
  return plans;
}

// Expects `counts` to follow the binomial distribution of `tries` tries: no outliers, and the expected
// variance.
void ExpectBinomial(const std::vector<int>& counts, double probability, int tries) {
  const double mean = tries * probability, variance = mean * (1 - probability);
  double spread = 0, worst = 0;
  for (const int count : counts) {
    spread += (count - mean) * (count - mean) / variance;
    worst = std::max(worst, std::abs(count - mean) / std::sqrt(variance));
  }
  EXPECT_NEAR(spread / static_cast<double>(counts.size()), 1, 0.1);
  EXPECT_LT(worst, 6.5);
}

TEST(EpochPlanTest, EveryRowIsEarlyEquallyOften) {
  std::vector<int32_t> lengths = RandomLengths(1999, 120);
  lengths.push_back(5000);  // longer than the token budget
  ExpectBinomial(EarlyCounts(lengths, {1000, 1000}, 400), 0.25, 400);
}

TEST(EpochPlanTest, RowsOfOneLengthAreCombinedAtRandom) {
  // One pool with 8 batches of 12 short rows, one batch of 4 short and 2 long rows, 24 batches of 4 long rows
  // and one batch of 2 long rows.
  std::vector<int32_t> lengths(200, 10);
  std::fill(lengths.begin() + 100, lengths.end(), 30);
  const auto epochs = PlanEpochs(lengths, {120, 100}, 1000);
  const double pairs = 100 * 99 / 2;
  ExpectBinomial(PairCounts(epochs, 0, 100), (8 * 66 + 6) / pairs, 1000);
  ExpectBinomial(PairCounts(epochs, 100, 200), (24 * 6 + 1 + 1) / pairs, 1000);
}

TEST(EpochPlanTest, EveryEpochHasDifferentPools) {
  // Four pools of 50 batches of 2 rows.
  ExpectBinomial(PairCounts(PlanEpochs(std::vector<int32_t>(400, 10), {1000, 2}, 2000), 0, 400), 1.0 / 399,
                 2000);
}

class RunPlanTest : public testing::Test {
 protected:
  const std::vector<int32_t> lengths_ = RandomLengths(300, 60);
  const BatchBudget budget_ = {256, 8};
  const RunPlan plan_{lengths_, budget_, /*epochs=*/3, /*seed=*/7};
};

TEST_F(RunPlanTest, ConcatenatesTheEpochs) {
  EXPECT_EQ(plan_.rows(), 300);
  int64_t step = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(plan_.epoch_start(epoch), step);
    for (const RowBatch& batch : PlanEpoch(lengths_, budget_, 7, epoch)) {
      EXPECT_EQ(plan_.batch(step), batch);
      ++step;
    }
  }
  EXPECT_EQ(plan_.epoch_start(3), step);
  EXPECT_EQ(plan_.steps(), step);
}

TEST_F(RunPlanTest, CountsTextsAndTokens) {
  const int64_t all_tokens = std::accumulate(lengths_.begin(), lengths_.end(), int64_t{0});
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(plan_.texts(plan_.epoch_start(epoch), plan_.epoch_start(epoch + 1)), 300);
    EXPECT_EQ(plan_.tokens(plan_.epoch_start(epoch), plan_.epoch_start(epoch + 1)), all_tokens);
  }
  EXPECT_EQ(plan_.texts(5, 5), 0);
  EXPECT_EQ(plan_.tokens(5, 5), 0);
  EXPECT_EQ(plan_.texts(1, 3), static_cast<int64_t>(plan_.batch(1).size() + plan_.batch(2).size()));
  EXPECT_EQ(plan_.tokens(1, 3), Tokens(plan_.batch(1), lengths_) + Tokens(plan_.batch(2), lengths_));
}

TEST_F(RunPlanTest, MicroBatchesKeepTheOrderOfTheBatch) {
  for (const int64_t tokens : {1, 40, 64, 100, 1 << 20}) {
    for (int64_t step = 0; step < plan_.steps(); ++step) {
      const auto micro_batches = plan_.MicroBatches(plan_.batch(step), tokens);
      EXPECT_EQ(RowsInOrder(micro_batches), plan_.batch(step));
      for (const RowBatch& micro_batch : micro_batches) {
        EXPECT_TRUE(micro_batch.size() == 1 || Tokens(micro_batch, lengths_) <= tokens);
      }
    }
  }
}

TEST(MicroBatchesTest, ATextCanExceedTheTokenLimit) {
  const RunPlan plan({3, 90, 5, 6, 4}, {1000, 100}, 1, 1);
  EXPECT_THAT(plan.MicroBatches({0, 1, 2, 3, 4}, 10),
              ElementsAre(RowBatch{0}, RowBatch{1}, RowBatch{2}, RowBatch{3, 4}));
  EXPECT_THAT(plan.MicroBatches({4, 1}, 94), ElementsAre(RowBatch{4, 1}));
  EXPECT_EQ(plan.max_length({0, 1, 2}), 90);
  EXPECT_EQ(plan.max_length({0, 4}), 4);
}

TEST(EmptyRunPlanTest, HasNoSteps) {
  const RunPlan plan({}, {1000, 100}, 2, 1);
  EXPECT_EQ(plan.steps(), 0);
  EXPECT_EQ(plan.epoch_start(2), 0);
}

}  // namespace
}  // namespace newsgenre
