// Which rows a training step takes. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// A batch takes texts while both hold; one text alone may be longer than `tokens`.
struct BatchBudget {
  int64_t tokens = 0;
  int64_t texts = 0;
};

// Row indices.
using RowBatch = std::vector<int32_t>;

// An epoch's batches: every row exactly once, in an order that `seed` and `epoch` draw. Rows are shuffled,
// sorted by length within large pools, cut into batches, and the batches are shuffled: texts of one batch are
// of similar length (attention over them wastes little), while which rows meet changes with every epoch.
std::vector<RowBatch> PlanEpoch(const std::vector<int32_t>& lengths, const BatchBudget& budget, uint64_t seed,
                                int epoch);

// The batches of a whole run, a step each. Immutable: any thread.
class RunPlan {
 public:
  // `lengths`: of each row in tokens.
  RunPlan(std::vector<int32_t> lengths, const BatchBudget& budget, int epochs, uint64_t seed);

  int64_t steps() const { return static_cast<int64_t>(batches_.size()); }
  int epochs() const { return static_cast<int>(epoch_starts_.size()) - 1; }
  int64_t rows() const { return static_cast<int64_t>(lengths_.size()); }  // of an epoch
  // Of an epoch, counted from 0, the first step; of the one behind the last, steps().
  int64_t epoch_start(int64_t epoch) const { return epoch_starts_[epoch]; }
  const RowBatch& batch(int64_t step) const { return batches_[step]; }
  // Of the batches of the steps `from` … `to` - 1.
  int64_t texts(int64_t from, int64_t to) const { return texts_before_[to] - texts_before_[from]; }
  int64_t tokens(int64_t from, int64_t to) const { return tokens_before_[to] - tokens_before_[from]; }
  // A batch in its order, in pieces of so many tokens at most.
  std::vector<RowBatch> MicroBatches(const RowBatch& batch, int64_t tokens) const;
  int64_t max_length(const RowBatch& batch) const;  // of its texts, in tokens

 private:
  const std::vector<int32_t> lengths_;
  std::vector<RowBatch> batches_;
  std::vector<int64_t> epoch_starts_ = {0};
  std::vector<int64_t> texts_before_ = {0}, tokens_before_ = {0};  // of each step, and all
};

// Every row exactly once, the longest first.
std::vector<RowBatch> PlanEvaluation(const std::vector<int32_t>& lengths, const BatchBudget& budget);

}  // namespace newsgenre
