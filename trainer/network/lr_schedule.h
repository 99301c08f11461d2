// The learning-rate schedule.
#pragma once

#include <cstdint>

namespace newsgenre {

// Linear warm-up to `peak`, then linear decay, as BERT and ALBERT are fine-tuned (Devlin et al. 2018,
// appendix A.2). Without `decays` the rate stays at the peak after the warm-up. The rate of step s is
//   s < W:      peak · (s + 1) / W
//   otherwise:  peak · (N - s) / (N - W)
// with N = total_steps, W = round(warmup_fraction · N) and s = 0 … N - 1. The rate is never 0; steps W - 1
// and W have the peak.
struct LrSchedule {
  double peak = 0;
  double warmup_fraction = 0;  // 0 … 1
  int64_t total_steps = 0;
  bool decays = true;

  // Returns the rate of `step`, counted from 0.
  double LearningRate(int64_t step) const;
};

}  // namespace newsgenre
