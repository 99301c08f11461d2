// The training loop.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "trainer/config.h"
#include "trainer/dataset.h"
#include "trainer/epoch_plan.h"
#include "trainer/lr_schedule.h"
#include "trainer/optimizer.h"
#include "trainer/progress.h"
#include "trainer/random.h"
#include "trainer/report.h"

namespace newsgenre {

struct TrainingResult {
  std::vector<EpochResult> epochs;  // at least one
  int best = 0;                     // index into `epochs`: highest validation accuracy, then lowest loss
  TensorMap weights;                // of the best epoch, on the CPU
  bool stopped = false;             // before the last epoch was validated
};

// Trains one network, once. Owns the optimizer's state; shares the network's weights, which change. Every
// call from one thread, and torch's random generators are seeded from the config.
class Trainer {
 public:
  // `model` is on the device to train on. `progress` and the datasets outlive the trainer.
  Trainer(Albert model, const TrainerConfig& config, const Dataset& training, const Dataset& validation,
          Progress* progress);

  // All epochs; once `stop` is true it ends after the batch at hand, and an epoch that isn't validated by
  // then doesn't count. CANCELLED where that is the first; INTERNAL where the loss is no longer a number; and
  // as CatchTorch says.
  absl::StatusOr<TrainingResult> Run(const std::atomic<bool>& stop);

 private:
  struct EpochSums;

  absl::StatusOr<EpochResult> RunEpoch(int epoch, const std::atomic<bool>& stop);
  absl::Status TrainEpoch(int epoch, const std::atomic<bool>& stop, EpochResult* result);
  void Step(const RowBatch& rows, EpochSums* sums);
  absl::Status CheckLoss(const EpochSums& sums) const;
  absl::Status ShowProgress(int epoch, const EpochSums& sums, Progress::Clock::time_point now);
  absl::StatusOr<Metrics> Validate(const std::atomic<bool>& stop) const;

  Albert model_;
  const TrainerConfig& config_;
  const Dataset& training_;
  const Dataset& validation_;
  Progress* const progress_;
  std::vector<std::vector<RowBatch>> plan_;  // batches by epoch
  LrSchedule schedule_;
  Optimizer optimizer_;
  Random random_;     // what the network drops, and which tokens
  int64_t step_ = 0;  // steps done
};

}  // namespace newsgenre
