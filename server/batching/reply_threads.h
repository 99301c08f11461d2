// Threads that deliver the results of jobs, so that the workers spend their time on models only.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/text/probabilities.h"
#include "server/batching/batch_observer.h"
#include "server/batching/job.h"

namespace newsgenre {

// Jobs with their results: one row per job, or one error for all of them.
struct FinishedJobs {
  std::vector<Job> jobs;
  absl::StatusOr<ProbabilityRows> rows;
  Job::Clock::time_point finished = Job::Clock::now();
};

// Owns the threads and the results that wait for delivery. Thread-safe.
class ReplyThreads {
 public:
  // `observer` must outlive this object.
  ReplyThreads(int threads, BatchObserver* observer);
  // Calls Drain.
  ~ReplyThreads();
  ReplyThreads(const ReplyThreads&) = delete;
  ReplyThreads& operator=(const ReplyThreads&) = delete;

  // Queues the results and returns at once; a reply thread calls each job's `done` later. Must not be called
  // after Drain.
  void Add(FinishedJobs jobs) ABSL_LOCKS_EXCLUDED(mutex_);

  // Blocks until all queued results are delivered. May be called repeatedly, but not on a reply thread.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The main function of thread number `thread`.
  void Work(int thread) ABSL_LOCKS_EXCLUDED(mutex_);
  void Reply(FinishedJobs jobs);

  BatchObserver* const observer_;
  Mutex mutex_;
  CondVar work_;     // signalled when results are queued or Drain is called
  CondVar stopped_;  // signalled when a thread ends
  std::deque<FinishedJobs> waiting_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;  // threads
  std::vector<std::thread> threads_;
};

}  // namespace newsgenre
