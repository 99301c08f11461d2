#include "trainer/data/epoch_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "trainer/data/random.h"

namespace newsgenre {
namespace {

// The number of batches per pool: large enough to find texts of similar length, small enough to keep the
// order random.
constexpr int64_t kBatchesPerPool = 50;

using Iterator = std::vector<int32_t>::const_iterator;

// Appends batches of consecutive rows to `batches`.
void SplitIntoBatches(Iterator begin, Iterator end, const std::vector<int32_t>& lengths,
                      const BatchBudget& budget, std::vector<RowBatch>* batches) {
  RowBatch batch;
  int64_t tokens = 0;
  for (Iterator row = begin; row != end; ++row) {
    const int64_t length = lengths[*row];
    const bool full = tokens + length > budget.tokens || static_cast<int64_t>(batch.size()) == budget.texts;
    if (full && !batch.empty()) {
      batches->push_back(std::move(batch));
      batch.clear();
      tokens = 0;
    }
    batch.push_back(*row);
    tokens += length;
  }
  if (!batch.empty()) batches->push_back(std::move(batch));
}

std::vector<int32_t> AllRows(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> rows(lengths.size());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

std::vector<RowBatch> PlanEpoch(const std::vector<int32_t>& lengths, const BatchBudget& budget, uint64_t seed,
                                int epoch) {
  Random random(Random(seed).Next() + static_cast<uint64_t>(epoch));
  std::vector<int32_t> rows = AllRows(lengths);
  random.Shuffle(&rows);

  const int64_t all_tokens = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  const int64_t all_rows = static_cast<int64_t>(rows.size());
  const int64_t rows_per_batch =
      std::min(budget.texts, budget.tokens * all_rows / std::max<int64_t>(all_tokens, 1));
  const int64_t pool = std::max<int64_t>(rows_per_batch, 1) * kBatchesPerPool;
  std::vector<RowBatch> batches;
  for (int64_t start = 0; start < all_rows; start += pool) {
    const auto begin = rows.begin() + start;
    const auto end = rows.begin() + std::min(start + pool, all_rows);
    std::stable_sort(begin, end, [&](int32_t a, int32_t b) { return lengths[a] < lengths[b]; });
    SplitIntoBatches(begin, end, lengths, budget, &batches);
  }
  random.Shuffle(&batches);
  return batches;
}

std::vector<RowBatch> PlanEvaluation(const std::vector<int32_t>& lengths, const BatchBudget& budget) {
  std::vector<int32_t> rows = AllRows(lengths);
  std::stable_sort(rows.begin(), rows.end(), [&](int32_t a, int32_t b) { return lengths[a] > lengths[b]; });
  std::vector<RowBatch> batches;
  SplitIntoBatches(rows.begin(), rows.end(), lengths, budget, &batches);
  return batches;
}

RunPlan::RunPlan(std::vector<int32_t> lengths, const BatchBudget& budget, int epochs, uint64_t seed)
    : lengths_(std::move(lengths)) {
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (RowBatch& batch : PlanEpoch(lengths_, budget, seed, epoch)) {
      int64_t tokens = 0;
      for (const int32_t row : batch) tokens += lengths_[row];
      tokens_before_.push_back(tokens_before_.back() + tokens);
      texts_before_.push_back(texts_before_.back() + static_cast<int64_t>(batch.size()));
      batches_.push_back(std::move(batch));
    }
    epoch_starts_.push_back(steps());
  }
}

std::vector<RowBatch> RunPlan::MicroBatches(const RowBatch& batch, int64_t tokens) const {
  std::vector<RowBatch> micro_batches;
  const BatchBudget budget = {tokens, static_cast<int64_t>(batch.size())};
  SplitIntoBatches(batch.begin(), batch.end(), lengths_, budget, &micro_batches);
  return micro_batches;
}

int64_t RunPlan::max_length(const RowBatch& batch) const {
  int32_t longest = 0;
  for (const int32_t row : batch) longest = std::max(longest, lengths_[row]);
  return longest;
}

}  // namespace newsgenre
