// Runs waiting jobs through their models in batches. There is no timer: a free worker takes the jobs that
// wait, so batches grow because jobs arrive while the workers are busy.
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

// Owns the queue, the workers (threads that run models) and the reply threads. Thread-safe, except where a
// method says otherwise.
//
// A free worker fills one batch up to the model's limits even if other workers are free: below the limits, a
// larger batch gains more than splitting the jobs between workers. Jobs beyond the limits go to the next free
// worker.
class Batcher {
 public:
  struct Options {
    int workers = 1;  // initial number; see AddWorkers
    int reply_threads = 1;
    int64_t max_queue_texts = 0;  // waiting and reserved texts; running texts do not count
  };

  // A reservation of places in the queue for texts that are not encoded yet. Returns unused places when it is
  // destroyed. Must not outlive the batcher.
  class QueueReservation {
   public:
    QueueReservation(QueueReservation&& other) noexcept
        : batcher_(other.batcher_), texts_(std::exchange(other.texts_, 0)) {}
    QueueReservation& operator=(QueueReservation&&) = delete;
    ~QueueReservation() { batcher_->claimed_texts_ -= texts_; }

   private:
    friend class Batcher;
    QueueReservation(Batcher* batcher, int64_t texts) : batcher_(batcher), texts_(texts) {}
    Batcher* const batcher_;
    int64_t texts_;
  };

  // `observer` must outlive the batcher.
  Batcher(const Options& options, BatchObserver* observer);
  // Calls Drain.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Starts workers until there are `workers` of them. Without workers, jobs wait. Must not be called on the
  // batcher's threads, nor concurrently with itself or with Drain.
  void AddWorkers(int workers) ABSL_LOCKS_EXCLUDED(mutex_);

  // Reserves places for all of `texts` texts. Returns RESOURCE_EXHAUSTED if the queue has fewer places left,
  // or UNAVAILABLE after Drain was called. Takes no lock.
  absl::StatusOr<QueueReservation> Reserve(int64_t texts);

  // Queues `jobs`, at most as many as were reserved, and returns at once; each job's `done` is called later.
  // Returns UNAVAILABLE after Drain was called, and then calls no `done`.
  absl::Status Submit(QueueReservation reservation, std::vector<Job> jobs) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs each of `texts` through `model` on every worker, because a thread's first run is slow, and blocks
  // until all have run. Returns the model's error, or UNAVAILABLE after Drain was called. Must not be called
  // concurrently with itself.
  absl::Status WarmUp(const Model& model, const std::vector<Encoding>& texts) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new jobs and blocks until all accepted jobs are done. May be called repeatedly, but not on the
  // batcher's threads.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using WarmUpTask = std::packaged_task<absl::Status()>;

  // The main function of worker number `worker`.
  void Work(int worker) ABSL_LOCKS_EXCLUDED(mutex_);
  // Blocks until jobs wait or this worker has a warm-up task, which takes precedence. Returns an empty
  // selection and no task when the batcher drains and no job is left.
  BatchQueue::BatchSelection WaitForWork(int worker, WarmUpTask* warm_up) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReportQueueWaits(const std::vector<Job>& batch);
  void Run(std::vector<Job> batch);

  const Options options_;
  BatchObserver* const observer_;
  ReplyThreads reply_threads_;
  std::atomic<int64_t> claimed_texts_{0};  // waiting and reserved texts
  Mutex mutex_;
  CondVar work_;     // signalled when a job or a warm-up task is added or Drain is called
  CondVar stopped_;  // signalled when a worker ends
  BatchQueue queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<WarmUpTask> warm_ups_ ABSL_GUARDED_BY(mutex_);  // by worker; an empty task if there is none
  std::atomic<bool> draining_{false};                         // set with mutex_ held
  int running_workers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;  // the workers
};

}  // namespace newsgenre
