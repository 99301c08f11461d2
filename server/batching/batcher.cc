#include "server/batching/batcher.h"

#include <exception>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

using Rows = std::vector<std::vector<float>>;

// One row for each text, or an error; nothing that the model throws gets past here.
absl::StatusOr<Rows> Predict(const Model& model, const std::vector<const Encoding*>& texts) {
  try {
    absl::StatusOr<Rows> rows = model.Predict(texts);
    if (rows.ok() && rows->size() != texts.size()) {
      return absl::InternalError("the model returned " + std::to_string(rows->size()) + " rows for " +
                                 std::to_string(texts.size()) + " texts");
    }
    return rows;
  } catch (const std::exception& error) {
    return absl::InternalError(std::string("the model threw: ") + error.what());
  } catch (...) {
    return absl::InternalError("the model threw something that is not a std::exception");
  }
}

absl::Status PredictOneByOne(const Model& model, const std::vector<Encoding>& texts) {
  for (const Encoding& text : texts) RETURN_IF_ERROR(Predict(model, {&text}).status());
  return absl::OkStatus();
}

}  // namespace

Batcher::Batcher(const Options& options, BatchObserver* observer)
    : options_(options), observer_(observer), queue_(options.limits) {
  {
    MutexLock lock(&mutex_);
    running_workers_ = options.workers;
    warm_ups_.resize(options.workers);
  }
  for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this, i] { Work(i); });
}

Batcher::~Batcher() {
  Drain();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status Batcher::Submit(std::vector<Job> jobs) {
  const int64_t texts = static_cast<int64_t>(jobs.size());
  if (texts == 0) return absl::OkStatus();
  const auto now = Job::Clock::now();
  {
    MutexLock lock(&mutex_);
    if (draining_) return absl::UnavailableError("the server is stopping");
    if (queue_.texts() + texts > options_.max_queue_texts) {
      return absl::ResourceExhaustedError(
          "the queue is full: " + std::to_string(queue_.texts()) + " texts wait, " + std::to_string(texts) +
          " more asked, the limit is " + std::to_string(options_.max_queue_texts) + " texts");
    }
    for (Job& job : jobs) queue_.Push(std::move(job), now);
    observer_->OnQueueChange(texts);
  }
  work_.NotifyOne();
  return absl::OkStatus();
}

absl::Status Batcher::WarmUp(const Model& model, const std::vector<Encoding>& texts) {
  std::vector<std::future<absl::Status>> results;
  {
    MutexLock lock(&mutex_);
    if (draining_) return absl::UnavailableError("the server is stopping");
    for (WarmUpTask& warm_up : warm_ups_) {
      warm_up = WarmUpTask([&] { return PredictOneByOne(model, texts); });
      results.push_back(warm_up.get_future());
    }
  }
  work_.NotifyAll();
  absl::Status status;
  for (std::future<absl::Status>& result : results) status.Update(result.get());
  return status;
}

void Batcher::Drain() {
  MutexLock lock(&mutex_);
  draining_ = true;
  work_.NotifyAll();
  while (running_workers_ > 0) stopped_.Wait(&mutex_);
}

void Batcher::Work(int worker) {
  for (;;) {
    WarmUpTask warm_up;
    BatchQueue::Taken taken = WaitForWork(worker, &warm_up);
    if (warm_up.valid()) {
      warm_up();
    } else if (taken.texts() == 0) {
      break;
    }
    for (Job& job : taken.cancelled) job.done(absl::CancelledError("the caller has gone"));
    for (Job& job : taken.expired) {
      job.done(absl::DeadlineExceededError("the deadline passed while the text waited"));
    }
    if (!taken.batch.empty()) Run(taken.batch.data(), taken.batch.data() + taken.batch.size());
  }
  MutexLock lock(&mutex_);
  --running_workers_;
  stopped_.NotifyAll();
}

BatchQueue::Taken Batcher::WaitForWork(int worker, WarmUpTask* warm_up) {
  MutexLock lock(&mutex_);
  while (queue_.empty() && !draining_ && !warm_ups_[worker].valid()) work_.Wait(&mutex_);
  *warm_up = std::move(warm_ups_[worker]);
  BatchQueue::Taken taken;
  if (!warm_up->valid()) taken = queue_.Take(Job::Clock::now());
  if (taken.texts() > 0) observer_->OnQueueChange(-taken.texts());
  // Submit woke one worker; this one wakes the next where there is work for it.
  if (!queue_.empty()) work_.NotifyOne();
  return taken;
}

// A batch that fails is halved, so that in the end only the jobs fail that fail alone.
void Batcher::Run(Job* first, Job* last) {
  std::vector<const Encoding*> texts;
  int64_t tokens = 0;
  for (const Job* job = first; job != last; ++job) {
    texts.push_back(&job->encoding);
    tokens += static_cast<int64_t>(job->encoding.ids.size());
  }
  observer_->OnBatch(last - first, tokens);
  absl::StatusOr<Rows> rows = Predict(*first->model, texts);
  if (rows.ok()) {
    for (Job* job = first; job != last; ++job) job->done(std::move((*rows)[job - first]));
  } else if (last - first == 1) {
    first->done(std::move(rows).status());
  } else {
    Job* middle = first + (last - first) / 2;
    Run(first, middle);
    Run(middle, last);
  }
}

}  // namespace newsgenre
