// Receives the batcher's events, for metrics.
#pragma once

#include <cstdint>
#include <vector>

#include "server/batching/job.h"

namespace newsgenre {

// Called on the batcher's threads and on threads that call Submit. Implementations must be thread-safe and
// quick and must not call the batcher.
class BatchObserver {
 public:
  using Durations = std::vector<Job::Clock::duration>;

  virtual ~BatchObserver() = default;
  // Called when the number of waiting texts changes, with the batcher's lock held, so that the sum of all
  // deltas is never negative.
  virtual void OnQueueChange(int64_t delta_texts) = 0;
  // Called when a batch is taken from the queue. `waits` has the time since submission of each of its texts.
  virtual void OnQueueWaits(const Durations& waits) = 0;
  // Called before a batch runs through the model. Not called for warm-up runs.
  virtual void OnBatch(int64_t texts, int64_t tokens) = 0;
  // Called after replies are sent. `delays` has, for each text, the time from the model's result to the
  // return of `done`.
  virtual void OnReplies(const Durations& delays) = 0;
};

}  // namespace newsgenre
