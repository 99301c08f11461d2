// The queue of waiting jobs, and the choice of jobs that run together. Uses no threads and no clock: every
// decision follows from the jobs pushed and the times passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "server/batching/job.h"

namespace newsgenre {

// Owns the waiting jobs. Not thread-safe.
class BatchQueue {
 public:
  using TimePoint = Job::Clock::time_point;

  // A job's urgency is its deadline or its arrival plus kPatience, whichever is earlier. This prevents
  // starvation: a job that arrives more than kPatience later is less urgent or has already expired.
  static constexpr std::chrono::milliseconds kPatience{1000};
  // Two bounds limit the duration of Take, however many jobs wait. First, Take examines the whole queue for
  // expired and cancelled jobs at most once per kSweepInterval. In between, it removes only those that it
  // finds while it fills the batch.
  static constexpr std::chrono::milliseconds kSweepInterval{100};
  // Second, Take stops looking for more jobs that fit after it has skipped this many that do not.
  static constexpr int kMaxSkippedJobs = 256;

  // The jobs that Take removed from the queue.
  struct BatchSelection {
    std::vector<Job> batch;  // jobs of one model, most urgent first
    int64_t tokens = 0;      // in the batch
    std::vector<Job> expired;
    std::vector<Job> cancelled;

    int64_t texts() const { return static_cast<int64_t>(batch.size() + expired.size() + cancelled.size()); }
  };

  void Push(Job job, TimePoint now);

  // Removes expired and cancelled jobs and one batch: the most urgent job and, in order of urgency, jobs of
  // the same model as long as the model's batch limits allow. The batch is empty only if no live job waits.
  BatchSelection Take(TimePoint now);

  int64_t texts() const { return static_cast<int64_t>(waiting_.size()); }
  bool empty() const { return waiting_.empty(); }

 private:
  using Waiting = std::multimap<TimePoint, Job>;  // by urgency; equal urgencies in order of arrival

  void Sweep(TimePoint now, BatchSelection* selection);
  void FillBatch(TimePoint now, BatchSelection* selection);
  // Moves the job to `to` and returns its successor in the queue.
  Waiting::iterator Move(Waiting::iterator job, std::vector<Job>* to);

  Waiting waiting_;
  TimePoint next_sweep_{};
};

}  // namespace newsgenre
