// The learning rate of a step. Pure; any thread.
#pragma once

#include <cstdint>

namespace newsgenre {

// Linear warm-up and linear decay, as BERT and ALBERT are fine-tuned (Devlin et al. 2018, appendix A.2):
//   step < W:  peak · (step + 1) / W
//   else:      peak · (N - step) / (N - W)
// with N = total_steps, W = round(warmup_fraction · N), and step = 0 … N - 1. No step has rate 0; the peak is
// reached at the steps W - 1 and W.
// Or the peak throughout, behind the warm-up.
struct LrSchedule {
  double peak = 0;
  double warmup_fraction = 0;  // 0 … 1
  int64_t total_steps = 0;
  bool decays = true;

  double LearningRate(int64_t step) const;
};

}  // namespace newsgenre
