#include "trainer/network/lr_schedule.h"

#include <cmath>

namespace newsgenre {

double LrSchedule::LearningRate(int64_t step) const {
  const int64_t warmup_steps = std::llround(warmup_fraction * static_cast<double>(total_steps));
  if (step < warmup_steps) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  if (!decays) return peak;
  return peak * static_cast<double>(total_steps - step) / static_cast<double>(total_steps - warmup_steps);
}

}  // namespace newsgenre
