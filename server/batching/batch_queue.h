// Which jobs run together. No threads, no clock: every decision follows from what is pushed and the time that
// is passed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "server/batching/job.h"

namespace newsgenre {

// Owns the jobs that wait. Not thread-safe.
class BatchQueue {
 public:
  using TimePoint = Job::Clock::time_point;

  // A job's urgency is its deadline, but never later than this after its arrival. So a job can't starve:
  // whatever arrives more than kPatience after it is less urgent or expired.
  static constexpr std::chrono::milliseconds kPatience{1000};
  // What keeps a Take short, however many jobs wait: it looks at all of them for dead ones only when this
  // much time has passed since it last did (the dead before those that it takes leave at once), …
  static constexpr std::chrono::milliseconds kSweepInterval{100};
  // … and it stops to look for more that fit once it has passed over this many that don't.
  static constexpr int kMostPassedOver = 256;

  struct BatchSelection {
    std::vector<Job> batch;  // one model, most urgent first
    int64_t tokens = 0;      // of the batch
    std::vector<Job> expired;
    std::vector<Job> cancelled;

    int64_t texts() const { return static_cast<int64_t>(batch.size() + expired.size() + cancelled.size()); }
  };

  void Push(Job job, TimePoint now);

  // Removes jobs that are cancelled or expired and, of the others, a batch: the most urgent one, and in order
  // of urgency those of its model that still fit that model's limits. The batch is empty only where no other
  // job waits.
  BatchSelection Take(TimePoint now);

  int64_t texts() const { return static_cast<int64_t>(waiting_.size()); }
  bool empty() const { return waiting_.empty(); }

 private:
  using Waiting = std::multimap<TimePoint, Job>;  // by urgency; equals in order of arrival

  void Sweep(TimePoint now, BatchSelection* taken);
  void FillBatch(TimePoint now, BatchSelection* taken);
  // Moves the job to `to`; returns the one behind it.
  Waiting::iterator Move(Waiting::iterator job, std::vector<Job>* to);

  Waiting waiting_;
  TimePoint next_sweep_{};
};

}  // namespace newsgenre
