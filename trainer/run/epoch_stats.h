// What the epoch at hand has come to. Pure; any thread.
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

// What the figures are made of; `records` has every step up to the state's.
struct RunSnapshot {
  const RunPlan& plan;
  const StepRecords& records;
  const LrSchedule& schedule;
  const TrainingState& state;  // at least one step into its epoch
};

// The rates are those of the epoch at hand, which is the one behind the validated ones; the loss and the
// accuracy are those of the last `loss_steps` steps of the run, where that isn't 0.
ProgressState EpochProgress(const RunSnapshot& run, int64_t loss_steps = 0);

// Fills in the validation of a loaded state's epochs. FAILED_PRECONDITION where it is of other rows than
// these, or of another number of labels.
absl::Status EvaluateEpochs(const std::vector<int>& labels, int label_count, TrainingState* state);

// "12, 77, 80, …": where a batch's first texts stand in their file.
std::string LinesOf(const Dataset& data, const RowBatch& rows);

// Of an epoch whose steps are done: all but the validation's part.
EpochResult EpochTraining(const RunSnapshot& run);

}  // namespace newsgenre
