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
#include "trainer/finetuning/finetuning_config.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"
#include "trainer/run/step_loop.h"
#include "trainer/run/training_state.h"

namespace newsgenre {

struct TrainingResult {
  std::vector<EpochResult> epochs;
  int best = 0;                  // index into `epochs`: highest validation accuracy, then lowest loss
  TensorMap weights;             // of the best epoch, on the CPU
  ProbabilityRows validation;    // of the best epoch, by validation row
  std::vector<StepPoint> steps;  // LossCurve of the whole run
  double seconds = 0;            // of training and validation, in all processes of the run
};

// Trains a network once, and validates it after each epoch. Not thread-safe.
class Trainer {
 public:
  // The arguments and the objects in `hooks` must outlive the trainer. `hooks` itself is copied.
  Trainer(const FinetuningConfig& config, const TrainingRows& rows, const RunPlan& plan,
          TrainingNetwork* network, const RunHooks& hooks);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Sets the initial state: a saved one, or a fresh one that has only its identity and version. Must be
  // called before Run. Returns FAILED_PRECONDITION if the state doesn't fit the network, the plan or the
  // validation rows.
  absl::Status Start(TrainingState state);

  // Runs the remaining epochs. Once `stop` is true, saves the state after the current step and returns
  // CANCELLED. Otherwise returns the errors of StepLoop::RunTo.
  absl::StatusOr<TrainingResult> Run(const std::atomic<bool>& stop);

 private:
  TrainingTask MakeTask();
  BatchResult AccumulateGradients(const RowBatch& micro_batch, double weight);
  std::string DescribeBatch(int64_t step) const;
  absl::Status RunEpoch(const std::atomic<bool>& stop);
  absl::StatusOr<ProbabilityRows> Validate(const std::atomic<bool>& stop);
  void AddEpoch(ProbabilityRows validation);
  // The current epoch, from 0.
  int64_t epoch() const { return static_cast<int64_t>(loop_.state().epochs.size()); }

  const FinetuningConfig& config_;
  const TrainingRows& rows_;
  const RunPlan& plan_;
  TrainingNetwork& network_;
  const RunHooks hooks_;
  const DeviceDataset training_rows_;
  const DeviceDataset validation_rows_;
  StepLoop loop_;
};

}  // namespace newsgenre
