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

// Every row exactly once, the longest first.
std::vector<RowBatch> PlanEvaluation(const std::vector<int32_t>& lengths, const BatchBudget& budget);

}  // namespace newsgenre
