// Threads that tell the callers what became of their jobs, so that the workers run models and nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/text/probabilities.h"
#include "server/batching/batch_observer.h"
#include "server/batching/job.h"

namespace newsgenre {

// Jobs and what became of them: a row for each, or one error for all.
struct FinishedJobs {
  std::vector<Job> jobs;
  absl::StatusOr<ProbabilityRows> rows;
  Job::Clock::time_point finished = Job::Clock::now();
};

// Owns the threads and what waits for them.
class ReplyThreads {
 public:
  // `observer` outlives the finishers.
  ReplyThreads(int threads, BatchObserver* observer);
  // Drains.
  ~ReplyThreads();
  ReplyThreads(const ReplyThreads&) = delete;
  ReplyThreads& operator=(const ReplyThreads&) = delete;

  // Returns at once; each job's `done` is called later. Not after Drain. Any thread.
  void Add(FinishedJobs jobs) ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns once all that was added is told. Any thread but the finishers' own; more than once is fine.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work(int finisher) ABSL_LOCKS_EXCLUDED(mutex_);
  void Tell(FinishedJobs jobs);

  BatchObserver* const observer_;
  Mutex mutex_;
  CondVar work_;     // jobs wait, or the finishers drain
  CondVar stopped_;  // no finisher runs any more
  std::deque<FinishedJobs> waiting_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace newsgenre
