// What a network says of rows of text.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/report/evaluate.h"

namespace newsgenre {

// By row what `predict` says of it, in batches within `budget`; `lengths` in tokens. predict's errors are
// passed on; CANCELLED once `stop` is true.
absl::StatusOr<ProbabilityRows> PredictRows(
    const std::vector<int32_t>& lengths, const BatchBudget& budget,
    const std::function<absl::StatusOr<ProbabilityRows>(const RowBatch& rows)>& predict,
    const std::atomic<bool>& stop);

}  // namespace newsgenre
