#include "trainer/epoch_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "gmock/gmock.h"
#include "trainer/random.h"

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

void ExpectSound(const std::vector<RowBatch>& batches, const std::vector<int32_t>& lengths,
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

TEST(EpochPlanTest, EveryRowOnceWithinTheBudget) {
  for (const int rows : {1, 7, 1000, 20000}) {
    for (const BatchBudget budget : {BatchBudget{512, 16}, {64, 1000}, {1, 1}, {1 << 30, 1 << 30}}) {
      const std::vector<int32_t> lengths = RandomLengths(rows, 120);
      ExpectSound(PlanEpoch(lengths, budget, 1, 0), lengths, budget);
      ExpectSound(PlanEvaluation(lengths, budget), lengths, budget);
    }
  }
}

TEST(EpochPlanTest, NoRows) { EXPECT_THAT(PlanEpoch({}, {512, 16}, 1, 0), IsEmpty()); }

TEST(EpochPlanTest, SeedAndEpochDecide) {
  const std::vector<int32_t> lengths = RandomLengths(500, 60);
  const BatchBudget budget{256, 8};
  const auto plan = PlanEpoch(lengths, budget, 1, 0);
  EXPECT_EQ(PlanEpoch(lengths, budget, 1, 0), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 1, 1), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 2, 0), plan);
  EXPECT_NE(PlanEpoch(lengths, budget, 2, 0), PlanEpoch(lengths, budget, 1, 1));
}

TEST(EpochPlanTest, BatchesAreOfLikeLengthAndFull) {
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

TEST(EpochPlanTest, BatchesComeInNoOrderOfLength) {
  const std::vector<int32_t> lengths = RandomLengths(20000, 120);
  const auto batches = PlanEpoch(lengths, {2048, 1000}, 1, 0);
  int longer_than_the_one_before = 0;
  for (size_t i = 1; i < batches.size(); ++i) {
    longer_than_the_one_before += lengths[batches[i][0]] > lengths[batches[i - 1][0]];
  }
  EXPECT_GT(longer_than_the_one_before, static_cast<int>(batches.size()) * 4 / 10);
  EXPECT_LT(longer_than_the_one_before, static_cast<int>(batches.size()) * 6 / 10);
}

TEST(EpochPlanTest, EvaluationTakesTheLongestFirst) {
  EXPECT_THAT(PlanEvaluation({3, 9, 5, 9, 4}, {14, 3}),
              ElementsAre(RowBatch{1}, RowBatch{3, 2}, RowBatch{4, 0}));
}

TEST(RandomTest, KnownValues) {
  // The reference implementation's first two values for seed 1234567 (prng.di.unimi.it/splitmix64.c).
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
}

TEST(RandomTest, EveryOrderIsDrawnAboutEquallyOften) {
  Random random(1);
  std::map<std::vector<int>, int> counts;
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> items = {1, 2, 3};
    random.Shuffle(&items);
    ++counts[items];
  }
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace newsgenre
