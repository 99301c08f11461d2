// Assignment of rows to training steps. All functions are thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// The limits of a batch. A batch of a single text can exceed `tokens`.
struct BatchBudget {
  int64_t tokens = 0;
  int64_t texts = 0;
};

// The texts of a batch, as indices of a Dataset's rows.
using RowBatch = std::vector<int32_t>;

// Returns the batches of an epoch, with every row exactly once. The order depends on `seed` and `epoch` only.
// Shuffles the rows, sorts them by length within large pools, splits the pools into batches and shuffles the
// batches. The texts of a batch then have similar lengths, which reduces wasted work in attention, and each
// epoch combines different rows. `lengths` are in tokens.
std::vector<RowBatch> PlanEpoch(const std::vector<int32_t>& lengths, const BatchBudget& budget, uint64_t seed,
                                int epoch);

// The batches of a training run, one per step. Immutable; safe to use from any thread.
class RunPlan {
 public:
  // `lengths` are the rows' lengths in tokens.
  RunPlan(std::vector<int32_t> lengths, const BatchBudget& budget, int epochs, uint64_t seed);

  int64_t steps() const { return static_cast<int64_t>(batches_.size()); }
  int epochs() const { return static_cast<int>(epoch_starts_.size()) - 1; }
  int64_t rows() const { return static_cast<int64_t>(lengths_.size()); }  // per epoch
  // Returns the first step of a 0-based epoch. epoch_start(epochs()) is steps().
  int64_t epoch_start(int64_t epoch) const { return epoch_starts_[epoch]; }
  const RowBatch& batch(int64_t step) const { return batches_[step]; }
  // Return the number of texts and of tokens in the batches of steps `from` … `to` - 1.
  int64_t texts(int64_t from, int64_t to) const { return texts_before_[to] - texts_before_[from]; }
  int64_t tokens(int64_t from, int64_t to) const { return tokens_before_[to] - tokens_before_[from]; }
  // Splits a batch, in its order, into batches of at most `tokens` tokens, or of one text.
  std::vector<RowBatch> MicroBatches(const RowBatch& batch, int64_t tokens) const;
  int64_t max_length(const RowBatch& batch) const;  // length of the longest text, in tokens

 private:
  const std::vector<int32_t> lengths_;
  std::vector<RowBatch> batches_;
  std::vector<int64_t> epoch_starts_ = {0};
  std::vector<int64_t> texts_before_ = {0}, tokens_before_ = {0};  // prefix sums over steps
};

// Returns batches with every row exactly once, the longest rows first.
std::vector<RowBatch> PlanEvaluation(const std::vector<int32_t>& lengths, const BatchBudget& budget);

}  // namespace newsgenre
