// How large a batch is worth growing, from what batches cost. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "server/models/model.h"

namespace newsgenre {

// What one batch took.
struct BatchCost {
  int64_t texts = 0;
  int64_t tokens = 0;
  double seconds = 0;

  double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
};

// No batch shall keep a worker, and so every text that waits, for longer than this.
inline constexpr double kMaxBatchSeconds = 1.0;

// `curve`: at least one, ascending. The smallest batch whose throughput is within 3 % of the best of those
// that take at most kMaxBatchSeconds, but never fewer than 8 texts where the curve goes so far in that time:
// eight texts that wait go together.
BatchLimits LimitsFromCost(const std::vector<BatchCost>& curve);

// How many workers of `threads` CPU threads each keep `cpus` CPUs busy. They are for the model alone: what a
// call costs beside it, gRPC's threads do on the same CPUs, and with more workers than the model's part of
// the work they would only interrupt them. `seconds_a_text`: of the model, in its best batches, on one
// worker. At least 1.
int WorkersFor(int cpus, int threads, double seconds_a_text);

// What a call costs beside the model, gRPC included: tests/bench/run.sh frontend measures it.
inline constexpr double kCallSeconds = 20e-6;

}  // namespace newsgenre
