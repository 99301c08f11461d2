// Choice of batch limits and workers from measured batch durations. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "server/models/model.h"

namespace newsgenre {

// The measured duration of one batch.
struct BatchCost {
  int64_t texts = 0;
  int64_t tokens = 0;
  double seconds = 0;

  double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
};

// The longest time that a batch should occupy a worker, and thereby delay every waiting text.
inline constexpr double kMaxBatchSeconds = 1.0;

// The CPU time of a call outside the model, including gRPC, in seconds. Measured by tests/bench/run.sh
// frontend.
inline constexpr double kCallSeconds = 20e-6;

// Returns the size of the smallest batch whose throughput is within 3 % of the best among the batches that
// take at most kMaxBatchSeconds. Returns at least 8 texts if such a batch is among them, so that eight
// waiting texts run together. `curve` is not empty and has ascending sizes.
BatchLimits ChooseBatchLimits(const std::vector<BatchCost>& curve);

// Returns the number of workers, at least 1, that leaves gRPC's threads the CPU time they need: more workers
// would only interrupt those threads. `threads` is the number of CPU threads of each worker,
// `seconds_per_text` the duration of a text in the model's best batches on one worker.
int ChooseWorkers(int cpus, int threads, double seconds_per_text);

}  // namespace newsgenre
