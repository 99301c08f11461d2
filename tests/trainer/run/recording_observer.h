// An observer that records the events of a training run.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "trainer/watch/training_observer.h"

namespace newsgenre {

// Records every event, and sets `stop` at a given step or epoch.
struct RecordingObserver : TrainingObserver {
  void OnSteps(const std::vector<StepPoint>& points) override {
    for (const StepPoint& point : points) {
      steps.push_back(point);
      if (point.step == stop_at_step) stop = true;
    }
  }
  void OnProgress(const ProgressState& state) override { progress.push_back(state); }
  void OnEpoch(int64_t step, const EpochResult& epoch) override {
    epochs.push_back(epoch.epoch);
    epoch_steps.push_back(step);
    if (epoch.epoch == stop_at_epoch) stop = true;
  }

  std::vector<StepPoint> steps;
  std::vector<ProgressState> progress;
  std::vector<int> epochs;
  std::vector<int64_t> epoch_steps;  // step at which each epoch was validated
  int64_t stop_at_step = -1;
  int stop_at_epoch = -1;
  std::atomic<bool> stop{false};
};

}  // namespace newsgenre
