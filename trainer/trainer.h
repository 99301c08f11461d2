// The training loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/config.h"
#include "trainer/data/dataset.h"
#include "trainer/data/device_dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/lr_schedule.h"
#include "trainer/network/optimizer.h"
#include "trainer/network/training_network.h"
#include "trainer/progress.h"
#include "trainer/report/report.h"
#include "trainer/step_records.h"
#include "trainer/training_state.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

struct TrainingResult {
  std::vector<EpochResult> epochs;
  int best = 0;                  // index into `epochs`: highest validation accuracy, then lowest loss
  TensorMap weights;             // of the best epoch, on the CPU
  Probabilities validation;      // likewise, by validation row
  std::vector<StepPoint> steps;  // of the whole run, some hundreds
  double seconds = 0;            // of training and validation, those before a resumption included
};

// Whom a trainer tells.
struct TrainerSurroundings {
  Progress* progress;
  TrainingObserver* observer;
  StateStore* states;
};

// Trains one network, once. Every call from one thread; torch's random generators are seeded anew for every
// step.
class Trainer {
 public:
  // All of these outlive the trainer.
  Trainer(const TrainerConfig& config, const TrainingRows& rows, const RunPlan& plan,
          TrainingNetwork* network, const TrainerSurroundings& surroundings);

  // Before Run: a fresh state with its identity and version, or one to go on from. FAILED_PRECONDITION where
  // it doesn't fit this network and plan.
  absl::Status Start(TrainingState state);

  // All epochs that are left. Once `stop` is true it saves its state after the step at hand and returns
  // CANCELLED. INTERNAL where the loss diverges, with the step, its rows and the last good state;
  // RESOURCE_EXHAUSTED where memory is too small even for one text at a time; the store's errors where a
  // state can't be saved; and as CatchTorch says.
  absl::StatusOr<TrainingResult> Run(const std::atomic<bool>& stop);

 private:
  using Clock = Progress::Clock;

  absl::Status RunEpoch(const std::atomic<bool>& stop);
  absl::Status TrainEpoch(const std::atomic<bool>& stop);
  absl::Status Step(const RowBatch& rows);
  absl::Status Learn(const RowBatch& rows);
  absl::Status TakeFewerTokens(int64_t tokens, int64_t longest, const absl::Status& failure);
  absl::StatusOr<Probabilities> Validate(const std::atomic<bool>& stop);
  absl::Status Fetch();
  absl::Status CheckWeights() const;
  absl::Status Diverged(int64_t step, const std::string& problem) const;
  absl::Status Show();
  void AddEpoch(Probabilities validation);
  absl::Status Save();
  absl::Status SaveIfDue();
  double PassTime();  // seconds since it was last called
  // The one at hand, from 0.
  int64_t epoch() const { return static_cast<int64_t>(state_.epochs.size()); }

  const TrainerConfig& config_;
  const TrainingRows& rows_;
  const RunPlan& plan_;
  TrainingNetwork& network_;
  const TrainerSurroundings surroundings_;
  const DeviceDataset training_rows_;
  const DeviceDataset validation_rows_;
  const LrSchedule schedule_;
  Optimizer optimizer_;
  StepRecords records_;
  TrainingState state_;      // up to date but for the tensors that change with every step: Save adds those
  Clock::time_point saved_;  // when a state was last saved,
  int64_t saved_step_ = 0;   // and at which step
  Clock::time_point timed_;  // up to when state_'s seconds count
};

}  // namespace newsgenre
