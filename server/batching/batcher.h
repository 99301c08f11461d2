// Turns jobs that wait at the same time into batches. No timer: a free worker takes what waits, so batches grow because
// callers wait while the workers are busy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "server/batching/batch_queue.h"
#include "server/batching/job.h"

namespace newsgenre {

// What the batcher tells of itself; called on its threads, and on Submit's for the queue. Any thread.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  virtual void OnQueueDepth(int64_t texts) = 0;
  virtual void OnBatch(int64_t texts, int64_t tokens) = 0;
};

class Batcher {
 public:
  struct Options {
    int workers = 1;
    int max_queue_texts = 1024;
    BatchLimits limits;  // texts and tokens of one batch
  };

  // `observer` outlives the batcher.
  Batcher(const Options& options, BatchObserver* observer);
  // Drains.
  ~Batcher();

  // Queues all jobs or none, and returns at once; each job's `done` is called later. On an error no `done` is called:
  // RESOURCE_EXHAUSTED: the queue has no room for them; UNAVAILABLE: draining. Any thread.
  absl::Status Submit(std::vector<Job> jobs);

  // Refuses new jobs, finishes all that were accepted, and stops the workers. Any thread; more than once is fine.
  void Drain();
};

}  // namespace newsgenre
