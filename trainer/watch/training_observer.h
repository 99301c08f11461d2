// Who watches a training run.
#pragma once

#include <vector>

#include "trainer/report/report.h"

namespace newsgenre {

struct ProgressState {
  int epoch = 0;  // from 1
  int epochs = 0;
  int64_t step = 0;  // steps done, of the whole run
  int64_t steps = 0;
  double loss = 0;      // mean over the epoch so far, or over the last steps
  double accuracy = 0;  // likewise, 0 … 1
  double learning_rate = 0;
  double texts_per_second = 0;
  double tokens_per_second = 0;
  double seconds_left = 0;  // of the training steps
};

// Is called on the training thread; here nothing happens.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // Every step once, in order, some at a time.
  virtual void OnSteps(const std::vector<StepPoint>& steps) {}
  virtual void OnProgress(const ProgressState& state) {}
  // After an epoch was validated, at `step` of the run.
  virtual void OnEpoch(int64_t step, const EpochResult& epoch) {}
};

}  // namespace newsgenre
