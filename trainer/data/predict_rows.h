// Prediction for all rows of a dataset.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/report/evaluate.h"

namespace newsgenre {

// Calls `predict` with batches within `budget` and returns the results in row order. `lengths` are in tokens.
// Returns the errors of `predict`, and CANCELLED if `stop` becomes true.
absl::StatusOr<ProbabilityRows> PredictRows(
    const std::vector<int32_t>& lengths, const BatchBudget& budget,
    const std::function<absl::StatusOr<ProbabilityRows>(const RowBatch& rows)>& predict,
    const std::atomic<bool>& stop);

}  // namespace newsgenre
