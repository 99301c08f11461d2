// Which jobs run together. No threads, no clock: every decision follows from what is pushed and the time that
// is passed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "server/batching/job.h"

namespace newsgenre {

// What one batch may hold. A job above `max_tokens` still runs: alone.
struct BatchLimits {
  int64_t max_texts = 32;
  int64_t max_tokens = 4096;
};

// Owns the jobs that wait. Not thread-safe.
class BatchQueue {
 public:
  using TimePoint = Job::Clock::time_point;

  // A job's urgency is its deadline, but never later than this after its arrival. So a job can't starve:
  // whatever arrives more than kPatience after it is less urgent or expired.
  static constexpr std::chrono::milliseconds kPatience{1000};

  struct Taken {
    std::vector<Job> batch;  // one model, most urgent first
    int64_t tokens = 0;      // of the batch
    std::vector<Job> expired;
    std::vector<Job> cancelled;

    int64_t texts() const { return static_cast<int64_t>(batch.size() + expired.size() + cancelled.size()); }
  };

  explicit BatchQueue(const BatchLimits& limits) : limits_(limits) {}

  void Push(Job job, TimePoint now);

  // Removes every job that is cancelled or expired and, of the others, a batch: the most urgent one, and in
  // order of urgency those of its model that still fit. The batch is empty only where no other job waits.
  Taken Take(TimePoint now);

  int64_t texts() const { return static_cast<int64_t>(waiting_.size()); }
  bool empty() const { return waiting_.empty(); }

 private:
  void RemoveDead(TimePoint now, Taken* taken);
  void FillBatch(Taken* taken);

  const BatchLimits limits_;
  std::multimap<TimePoint, Job> waiting_;  // by urgency; equals in order of arrival
};

}  // namespace newsgenre
