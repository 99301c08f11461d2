// What the batcher tells of itself.
#pragma once

#include <cstdint>
#include <vector>

#include "server/batching/job.h"

namespace newsgenre {

// Called on the batcher's own threads and on those that call Submit. Must be quick and must not call the
// batcher.
class BatchObserver {
 public:
  using Durations = std::vector<Job::Clock::duration>;

  virtual ~BatchObserver() = default;
  // Under the batcher's lock, so that the sum of all deltas is never below 0.
  virtual void OnQueueChange(int64_t delta_texts) = 0;
  // How long each text of a batch waited, from Submit on; under no lock.
  virtual void OnQueueWaits(const Durations& waits) = 0;
  // Before each run of the model, WarmUp's not counted; under no lock.
  virtual void OnBatch(int64_t texts, int64_t tokens) = 0;
  // How long after the model's answer each text's `done` had returned; under no lock.
  virtual void OnReplies(const Durations& delays) = 0;
};

}  // namespace newsgenre
