// Turns jobs that wait at the same time into batches. No timer: a free worker takes what waits, so batches
// grow because callers wait while the workers are busy.
#pragma once

#include <cstdint>
#include <future>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "server/batching/batch_queue.h"
#include "server/batching/job.h"

namespace newsgenre {

// What the batcher tells of itself, on its own threads and on those that call Submit. Must be quick and must
// not call the batcher.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  // Under the batcher's lock, so that the sum of all deltas is never below 0.
  virtual void OnQueueChange(int64_t delta_texts) = 0;
  // Before each run of the model, WarmUp's not counted; under no lock.
  virtual void OnBatch(int64_t texts, int64_t tokens) = 0;
};

// Owns the queue and the threads that run the models.
class Batcher {
 public:
  struct Options {
    int workers = 1;
    int64_t max_queue_texts = 1024;  // waiting, those that run not counted
    BatchLimits limits;              // texts and tokens of one batch
  };

  // `observer` outlives the batcher.
  Batcher(const Options& options, BatchObserver* observer);
  // Drains.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Queues all jobs or none, and returns at once; each job's `done` is called later. On an error no `done` is
  // called: RESOURCE_EXHAUSTED: the queue has no room for them; UNAVAILABLE: draining. Any thread.
  absl::Status Submit(std::vector<Job> jobs) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs each of `texts` through `model` on every worker, and returns once all have: the first run on a
  // thread is slow. The model's error; UNAVAILABLE: draining. One thread at a time.
  absl::Status WarmUp(const Model& model, const std::vector<Encoding>& texts) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new jobs, and returns once all that were accepted are done. Any thread but the batcher's own;
  // more than once is fine.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using WarmUpTask = std::packaged_task<absl::Status()>;

  void Work(int worker) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for jobs or for this worker's warm-up, which comes first; returns neither once the batcher drains
  // and none is left.
  BatchQueue::Taken WaitForWork(int worker, WarmUpTask* warm_up) ABSL_LOCKS_EXCLUDED(mutex_);
  void Run(Job* first, Job* last);

  const Options options_;
  BatchObserver* const observer_;
  Mutex mutex_;
  CondVar work_;     // a job or a warm-up waits, or the batcher drains
  CondVar stopped_;  // no worker runs any more
  BatchQueue queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<WarmUpTask> warm_ups_ ABSL_GUARDED_BY(mutex_);  // one a worker; valid while it waits
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  int running_workers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace newsgenre
