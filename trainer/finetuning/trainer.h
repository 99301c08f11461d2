// The training of a classifier.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"
#include "trainer/data/device_dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"
#include "trainer/run/config.h"
#include "trainer/run/step_loop.h"
#include "trainer/run/training_state.h"

namespace newsgenre {

struct TrainingResult {
  std::vector<EpochResult> epochs;
  int best = 0;                  // index into `epochs`: highest validation accuracy, then lowest loss
  TensorMap weights;             // of the best epoch, on the CPU
  ProbabilityRows validation;    // likewise, by validation row
  std::vector<StepPoint> steps;  // of the whole run, some hundreds
  double seconds = 0;            // of training and validation, those before a resumption included
};

// Trains one network, once, epoch by epoch, and validates each. Every call from one thread.
class Trainer {
 public:
  // All of these outlive the trainer.
  Trainer(const TrainerConfig& config, const TrainingRows& rows, const RunPlan& plan,
          TrainingNetwork* network, const RunHooks& surroundings);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Before Run: a fresh state with its identity and version, or one to go on from. FAILED_PRECONDITION where
  // it doesn't fit this network, plan and validation rows.
  absl::Status Start(TrainingState state);

  // All epochs that are left. Once `stop` is true it saves its state after the step at hand and returns
  // CANCELLED. INTERNAL where the loss diverges, with the step, its rows and the last good state;
  // RESOURCE_EXHAUSTED where memory is too small even for one text at a time; the store's errors where a
  // state can't be saved; and as CatchTorch says.
  absl::StatusOr<TrainingResult> Run(const std::atomic<bool>& stop);

 private:
  TrainingTask Task();
  BatchResult Learn(const RowBatch& rows, double weight);
  std::string Describe(int64_t step) const;
  absl::Status RunEpoch(const std::atomic<bool>& stop);
  absl::StatusOr<ProbabilityRows> Validate(const std::atomic<bool>& stop);
  void AddEpoch(ProbabilityRows validation);
  // The one at hand, from 0.
  int64_t epoch() const { return static_cast<int64_t>(loop_.state().epochs.size()); }

  const TrainerConfig& config_;
  const TrainingRows& rows_;
  const RunPlan& plan_;
  TrainingNetwork& network_;
  const RunHooks surroundings_;
  const DeviceDataset training_rows_;
  const DeviceDataset validation_rows_;
  StepLoop loop_;
};

}  // namespace newsgenre
