// Statistics of the current epoch. Pure functions; safe to use from any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trainer/data/dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/lr_schedule.h"
#include "trainer/report/report.h"
#include "trainer/run/step_records.h"
#include "trainer/run/training_state.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// A view of a run after one of its steps. The current epoch follows those in state.epochs.
struct RunSnapshot {
  const RunPlan& plan;
  const StepRecords& records;  // fetched up to the state's step
  const LrSchedule& schedule;
  const TrainingState& state;  // with at least one step of the current epoch done
};

// Returns the progress of the run. Rates are those of the current epoch. Loss and accuracy are those of the
// last `loss_steps` steps of the run, or of the current epoch if that is 0.
ProgressState ComputeProgress(const RunSnapshot& run, int64_t loss_steps = 0);

// Returns the result of the current epoch, whose steps are all done, without the validation's fields.
EpochResult SummarizeEpoch(const RunSnapshot& run);

// Fills in the validation metrics of a loaded state's epochs. Returns FAILED_PRECONDITION if the state has
// another number of validation rows or labels.
absl::Status EvaluateEpochs(const std::vector<int>& labels, int label_count, TrainingState* state);

// Returns the line numbers of a batch's first texts in their file: "12, 77, 80, …".
std::string FirstLines(const Dataset& data, const RowBatch& batch);

}  // namespace newsgenre
