#include "server/batching/batch_queue.h"

#include <algorithm>
#include <utility>

namespace newsgenre {
namespace {

int64_t Tokens(const Job& job) { return static_cast<int64_t>(job.encoding.ids.size()); }

// Returns the list that takes a cancelled or expired job, or nullptr if the job should still run.
std::vector<Job>* DiscardListFor(const Job& job, BatchQueue::TimePoint now,
                                 BatchQueue::BatchSelection* selection) {
  if (job.cancelled != nullptr && job.cancelled()) return &selection->cancelled;
  return job.deadline <= now ? &selection->expired : nullptr;
}

bool FitsInBatch(const Job& job, const BatchLimits& limits, const BatchQueue::BatchSelection& selection) {
  if (selection.batch.empty()) return true;
  return job.model == selection.batch.front().model && selection.tokens + Tokens(job) <= limits.tokens;
}

}  // namespace

void BatchQueue::Push(Job job, TimePoint now) {
  const TimePoint urgency = std::min(job.deadline, now + kPatience);
  waiting_.emplace(urgency, std::move(job));
}

BatchQueue::BatchSelection BatchQueue::Take(TimePoint now) {
  BatchSelection selection;
  if (now >= next_sweep_) Sweep(now, &selection);
  FillBatch(now, &selection);
  return selection;
}

BatchQueue::Waiting::iterator BatchQueue::Move(Waiting::iterator job, std::vector<Job>* to) {
  to->push_back(std::move(job->second));
  return waiting_.erase(job);
}

void BatchQueue::Sweep(TimePoint now, BatchSelection* selection) {
  next_sweep_ = now + kSweepInterval;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    std::vector<Job>* const discard_list = DiscardListFor(it->second, now, selection);
    it = discard_list == nullptr ? std::next(it) : Move(it, discard_list);
  }
}

void BatchQueue::FillBatch(TimePoint now, BatchSelection* selection) {
  BatchLimits limits;  // the limits of the batch's model
  int skipped = 0;
  for (auto it = waiting_.begin(); it != waiting_.end() && skipped < kMaxSkippedJobs;) {
    std::vector<Job>& batch = selection->batch;
    if (!batch.empty() && static_cast<int64_t>(batch.size()) >= limits.texts) return;
    std::vector<Job>* const discard_list = DiscardListFor(it->second, now, selection);
    if (discard_list != nullptr) {
      it = Move(it, discard_list);
    } else if (FitsInBatch(it->second, limits, *selection)) {
      if (batch.empty()) limits = it->second.model->batch_limits();
      selection->tokens += Tokens(it->second);
      it = Move(it, &batch);
    } else {
      ++it;
      ++skipped;
    }
  }
}

}  // namespace newsgenre
