#include "server/batching/batch_queue.h"

#include <algorithm>
#include <utility>

namespace newsgenre {
namespace {

int64_t Tokens(const Job& job) { return static_cast<int64_t>(job.encoding.ids.size()); }

}  // namespace

void BatchQueue::Push(Job job, TimePoint now) {
  const TimePoint urgency = std::min(job.deadline, now + kPatience);
  waiting_.emplace(urgency, std::move(job));
}

BatchQueue::Taken BatchQueue::Take(TimePoint now) {
  Taken taken;
  RemoveDead(now, &taken);
  FillBatch(&taken);
  return taken;
}

void BatchQueue::RemoveDead(TimePoint now, Taken* taken) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Job& job = it->second;
    std::vector<Job>* dead = nullptr;
    if (job.cancelled != nullptr && job.cancelled->load()) {
      dead = &taken->cancelled;
    } else if (job.deadline <= now) {
      dead = &taken->expired;
    }
    if (dead == nullptr) {
      ++it;
      continue;
    }
    dead->push_back(std::move(job));
    it = waiting_.erase(it);
  }
}

void BatchQueue::FillBatch(Taken* taken) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    std::vector<Job>& batch = taken->batch;
    if (!batch.empty() && static_cast<int64_t>(batch.size()) >= limits_.max_texts) return;
    Job& job = it->second;
    const bool joins = batch.empty() || (job.model == batch.front().model &&
                                         taken->tokens + Tokens(job) <= limits_.max_tokens);
    if (!joins) {
      ++it;
      continue;
    }
    taken->tokens += Tokens(job);
    batch.push_back(std::move(job));
    it = waiting_.erase(it);
  }
}

}  // namespace newsgenre
