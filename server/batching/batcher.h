// Turns jobs that wait at the same time into batches. No timer: a free worker takes what waits, so batches
// grow because callers wait while the workers are busy.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "server/batching/batch_observer.h"
#include "server/batching/batch_queue.h"
#include "server/batching/job.h"
#include "server/batching/reply_threads.h"

namespace newsgenre {

// Owns the queue, the threads that run the models, and those that tell the callers.
//
// A free worker takes all that fits into one batch, also where others are free: a batch's limits are where it
// stops to gain by growing, so that more than one batch's worth is shared out, and less gains from staying
// together.
class Batcher {
 public:
  struct Options {
    int workers = 1;  // at first
    int finishers = 1;
    int64_t max_queue_texts = 1024;  // waiting or reserved, those that run not counted
  };

  // Room in the queue for texts that are yet to be encoded. Gives back what was not used.
  class Room {
   public:
    Room(Room&& other) noexcept : batcher_(other.batcher_), texts_(std::exchange(other.texts_, 0)) {}
    Room& operator=(Room&&) = delete;
    ~Room() { batcher_->claimed_texts_ -= texts_; }

   private:
    friend class Batcher;
    Room(Batcher* batcher, int64_t texts) : batcher_(batcher), texts_(texts) {}
    Batcher* const batcher_;
    int64_t texts_;
  };

  // `observer` outlives the batcher.
  Batcher(const Options& options, BatchObserver* observer);
  // Drains. No Room may be left.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // From now on at least so many threads run models; without any, jobs wait. One thread at a time, none of
  // the batcher's own, and not beside Drain.
  void AddWorkers(int workers) ABSL_LOCKS_EXCLUDED(mutex_);

  // RESOURCE_EXHAUSTED: the queue has no room for so many; UNAVAILABLE: draining. Takes no lock. Any thread.
  absl::StatusOr<Room> Reserve(int64_t texts);

  // Queues `jobs`, at most as many as `room` is for, and returns at once; each job's `done` is called later.
  // UNAVAILABLE: draining; then no `done` is called. Any thread.
  absl::Status Submit(Room room, std::vector<Job> jobs) ABSL_LOCKS_EXCLUDED(mutex_);

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
  BatchQueue::BatchSelection WaitForWork(int worker, WarmUpTask* warm_up) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReportQueueWaits(const BatchQueue::BatchSelection& taken);
  void Run(std::vector<Job> batch);

  const Options options_;
  BatchObserver* const observer_;
  ReplyThreads finishers_;
  std::atomic<int64_t> claimed_texts_{0};  // those that wait, and the rooms
  Mutex mutex_;
  CondVar work_;     // a job or a warm-up waits, or the batcher drains
  CondVar stopped_;  // no worker runs any more
  BatchQueue queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<WarmUpTask> warm_ups_ ABSL_GUARDED_BY(mutex_);  // one a worker; valid while it waits
  std::atomic<bool> draining_{false};                         // set under the lock
  int running_workers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace newsgenre
