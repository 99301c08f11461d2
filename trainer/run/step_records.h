// What every step of a training run came to, without a wait for a GPU at every step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/network/lr_schedule.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"

namespace newsgenre {

// Sums over some steps.
struct StepSums {
  int64_t predictions = 0;
  int64_t correct = 0;   // of the predictions
  double loss = 0;       // over the predictions
  double mean_loss = 0;  // over the steps, of each one's mean
};

// Owns two numbers a step on the device, with a copy of those that were fetched, and one more beside the
// copy. One thread at a time.
class StepRecords {
 public:
  // Of a run of so many steps.
  StepRecords(int64_t steps, c10::Device device);

  // A step that begins again counts from nothing.
  void Begin(int64_t step);
  void Add(int64_t step, const BatchResult& result);
  // Waits for the device; what follows knows the first `steps` steps from then on.
  void Fetch(int64_t steps);

  int64_t fetched() const { return fetched_; }
  // Over the step's predictions; 0 where it has none.
  double MeanLoss(int64_t step) const;
  // Of the steps `from` … `to` - 1.
  StepSums Sum(int64_t from, int64_t to) const;

  // [fetched, 3] fp32 on the CPU, as in TrainingState, and back.
  at::Tensor Copy() const { return copy_.narrow(0, 0, fetched_).clone(); }
  void Restore(const at::Tensor& copy);

 private:
  at::Tensor records_;  // [steps, 2] fp32: the sum of a step's losses, and its correct predictions
  at::Tensor copy_;     // [steps, 3] fp32 on the CPU: the same, and all its predictions, fetched or not
  int64_t fetched_ = 0;
};

// The whole run, of which all steps were fetched, in a few hundred points at most.
std::vector<StepPoint> Curve(const StepRecords& records, const LrSchedule& schedule);

// What is wrong with the loss of a step `from` … records.fetched() - 1: it is no number, or has exploded: the
// mean of ten steps is ten times what chance among `outcomes` outcomes gives, ln(outcomes). `step` is -1
// where all is well.
struct Divergence {
  int64_t step = -1;
  std::string problem;
};
Divergence FindDivergence(const StepRecords& records, int64_t from, int outcomes);

}  // namespace newsgenre
