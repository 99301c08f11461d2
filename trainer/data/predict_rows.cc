#include "trainer/data/predict_rows.h"

#include <utility>

#include "common/base/status_macros.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

absl::StatusOr<ProbabilityRows> PredictRows(
    const std::vector<int32_t>& lengths, const BatchBudget& budget,
    const std::function<absl::StatusOr<ProbabilityRows>(const RowBatch& rows)>& predict,
    const std::atomic<bool>& stop) {
  ProbabilityRows probabilities(lengths.size());
  for (const RowBatch& rows : PlanEvaluation(lengths, budget)) {
    RETURN_IF_ERROR(CheckStop(stop));
    ASSIGN_OR_RETURN(ProbabilityRows predicted, predict(rows));
    for (size_t i = 0; i < rows.size(); ++i) probabilities[rows[i]] = std::move(predicted[i]);
  }
  return probabilities;
}

}  // namespace newsgenre
