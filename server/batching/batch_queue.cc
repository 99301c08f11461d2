#include "server/batching/batch_queue.h"

#include <algorithm>
#include <utility>

namespace newsgenre {
namespace {

int64_t Tokens(const Job& job) { return static_cast<int64_t>(job.encoding.ids.size()); }

// Where a job goes that nobody waits for any more; nullptr for one that is to run.
std::vector<Job>* DiscardListFor(const Job& job, BatchQueue::TimePoint now,
                                 BatchQueue::BatchSelection* taken) {
  if (job.cancelled != nullptr && job.cancelled()) return &taken->cancelled;
  return job.deadline <= now ? &taken->expired : nullptr;
}

bool Joins(const Job& job, const BatchLimits& limits, const BatchQueue::BatchSelection& taken) {
  if (taken.batch.empty()) return true;
  return job.model == taken.batch.front().model && taken.tokens + Tokens(job) <= limits.tokens;
}

}  // namespace

void BatchQueue::Push(Job job, TimePoint now) {
  const TimePoint urgency = std::min(job.deadline, now + kPatience);
  waiting_.emplace(urgency, std::move(job));
}

BatchQueue::BatchSelection BatchQueue::Take(TimePoint now) {
  BatchSelection taken;
  if (now >= next_sweep_) Sweep(now, &taken);
  FillBatch(now, &taken);
  return taken;
}

BatchQueue::Waiting::iterator BatchQueue::Move(Waiting::iterator job, std::vector<Job>* to) {
  to->push_back(std::move(job->second));
  return waiting_.erase(job);
}

void BatchQueue::Sweep(TimePoint now, BatchSelection* taken) {
  next_sweep_ = now + kSweepInterval;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    std::vector<Job>* const dead = DiscardListFor(it->second, now, taken);
    it = dead == nullptr ? std::next(it) : Move(it, dead);
  }
}

void BatchQueue::FillBatch(TimePoint now, BatchSelection* taken) {
  BatchLimits limits;  // of the batch's model
  int passed_over = 0;
  for (auto it = waiting_.begin(); it != waiting_.end() && passed_over < kMostPassedOver;) {
    std::vector<Job>& batch = taken->batch;
    if (!batch.empty() && static_cast<int64_t>(batch.size()) >= limits.texts) return;
    std::vector<Job>* const dead = DiscardListFor(it->second, now, taken);
    if (dead != nullptr) {
      it = Move(it, dead);
    } else if (Joins(it->second, limits, *taken)) {
      if (batch.empty()) limits = it->second.model->batch_limits();
      taken->tokens += Tokens(it->second);
      it = Move(it, &batch);
    } else {
      ++it;
      ++passed_over;
    }
  }
}

}  // namespace newsgenre
