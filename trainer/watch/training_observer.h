// The interface for observers of a training run.
#pragma once

#include <vector>

#include "trainer/report/report.h"

namespace newsgenre {

struct ProgressState {
  int epoch = 0;  // from 1
  int epochs = 0;
  int64_t step = 0;  // steps done over the whole run
  int64_t steps = 0;
  double loss = 0;      // mean over the epoch so far, or over the last TrainingTask::loss_steps steps
  double accuracy = 0;  // over the same steps, 0 … 1
  double learning_rate = 0;
  double texts_per_second = 0;
  double tokens_per_second = 0;
  double seconds_left = 0;  // estimate for the remaining steps, without validation
};

// The methods are called on the training thread. By default they do nothing.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // Receives every step once, in order, several at a time.
  virtual void OnSteps(const std::vector<StepPoint>& steps) {}
  virtual void OnProgress(const ProgressState& state) {}
  // Called after an epoch was validated, with the number of steps done.
  virtual void OnEpoch(int64_t step, const EpochResult& epoch) {}
};

}  // namespace newsgenre
