// The loss and accuracy of each step of a training run, collected without waiting for a GPU in every step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/network/lr_schedule.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"

namespace newsgenre {

// Sums over a range of steps.
struct StepSums {
  int64_t predictions = 0;
  int64_t correct = 0;   // predictions
  double loss = 0;       // over the predictions
  double mean_loss = 0;  // over the steps, of each step's mean
};

// Records each step's sum of losses and number of correct predictions on the device. Fetched steps are copied
// to the CPU, together with their number of predictions. Not thread-safe.
class StepRecords {
 public:
  StepRecords(int64_t steps, c10::Device device);

  // Sets the step's values to 0.
  void Reset(int64_t step);
  // Adds the result of a micro-batch to the step's values. Doesn't wait for the device.
  void Add(int64_t step, const BatchResult& result);
  // Waits for the device and copies the first `steps` steps. The methods below read this copy.
  void Fetch(int64_t steps);

  int64_t fetched() const { return fetched_; }
  // Returns the step's mean loss over its predictions; 0 if it has none.
  double MeanLoss(int64_t step) const;
  // Sums the steps `from` … `to` - 1.
  StepSums Sum(int64_t from, int64_t to) const;

  // Returns the fetched steps, [fetched, 3] fp32 on the CPU, as in TrainingState.
  at::Tensor Copy() const { return copy_.narrow(0, 0, fetched_).clone(); }
  // Sets the first steps to what Copy returned.
  void Restore(const at::Tensor& copy);

 private:
  at::Tensor records_;  // [steps, 2] fp32: sum of the losses, correct predictions
  at::Tensor copy_;     // [steps, 3] fp32 on the CPU: the same once fetched, and all predictions
  int64_t fetched_ = 0;
};

// Returns the loss over the whole run in at most 400 points. All steps must have been fetched.
std::vector<StepPoint> LossCurve(const StepRecords& records, const LrSchedule& schedule);

struct Divergence {
  int64_t step = -1;  // the first step whose loss shows that the training diverged; -1: none
  std::string problem;
};

// Searches the steps from `from` on for a loss that is not finite, or for ten steps whose mean loss is above
// ten times ln(classes), the loss of a uniform guess among `classes`.
Divergence FindDivergence(const StepRecords& records, int64_t from, int classes);

}  // namespace newsgenre
