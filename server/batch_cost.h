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

}  // namespace newsgenre
