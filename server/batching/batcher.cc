#include "server/batching/batcher.h"

#include <pthread.h>

#include <cstddef>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

// Returns one row per text, or an error. Converts the model's exceptions to INTERNAL.
absl::StatusOr<ProbabilityRows> Predict(const Model& model, const std::vector<const Encoding*>& texts) {
  try {
    absl::StatusOr<ProbabilityRows> rows = model.Predict(texts);
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

absl::Status StoppingError() { return absl::UnavailableError("the server is stopping"); }

absl::Status PredictOneByOne(const Model& model, const std::vector<Encoding>& texts) {
  for (const Encoding& text : texts) RETURN_IF_ERROR(Predict(model, {&text}).status());
  return absl::OkStatus();
}

}  // namespace

Batcher::Batcher(const Options& options, BatchObserver* observer)
    : options_(options), observer_(observer), reply_threads_(options.reply_threads, observer) {
  AddWorkers(options.workers);
}

Batcher::~Batcher() {
  Drain();
  for (std::thread& thread : threads_) thread.join();
}

void Batcher::AddWorkers(int workers) {
  const int running = static_cast<int>(threads_.size());
  {
    MutexLock lock(&mutex_);
    if (draining_ || workers <= running) return;
    running_workers_ = workers;
    warm_ups_.resize(workers);
  }
  for (int i = running; i < workers; ++i) threads_.emplace_back([this, i] { Work(i); });
}

absl::StatusOr<Batcher::QueueReservation> Batcher::Reserve(int64_t texts) {
  if (draining_) return StoppingError();
  int64_t claimed = claimed_texts_;
  do {
    if (claimed + texts > options_.max_queue_texts) {
      return absl::ResourceExhaustedError("the queue is full: " + std::to_string(claimed) + " texts wait, " +
                                          std::to_string(texts) + " more requested, the limit is " +
                                          std::to_string(options_.max_queue_texts) + " texts");
    }
  } while (!claimed_texts_.compare_exchange_weak(claimed, claimed + texts));
  return QueueReservation(this, texts);
}

absl::Status Batcher::Submit(QueueReservation reservation, std::vector<Job> jobs) {
  if (jobs.empty()) return absl::OkStatus();
  const int64_t texts = static_cast<int64_t>(jobs.size());
  const auto now = Job::Clock::now();
  for (Job& job : jobs) job.submitted = now;
  {
    MutexLock lock(&mutex_);
    if (draining_) return StoppingError();
    for (Job& job : jobs) queue_.Push(std::move(job), now);
    observer_->OnQueueChange(texts);
    reservation.texts_ -= texts;  // they belong to the queue now
  }
  work_.NotifyOne();
  return absl::OkStatus();
}

absl::Status Batcher::WarmUp(const Model& model, const std::vector<Encoding>& texts) {
  std::vector<std::future<absl::Status>> results;
  {
    MutexLock lock(&mutex_);
    if (draining_) return StoppingError();
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
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    work_.NotifyAll();
    while (running_workers_ > 0) stopped_.Wait(&mutex_);
  }
  reply_threads_.Drain();
}

void Batcher::Work(int worker) {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(worker)).c_str());
  for (;;) {
    WarmUpTask warm_up;
    BatchQueue::BatchSelection selection = WaitForWork(worker, &warm_up);
    if (warm_up.valid()) {
      warm_up();
      continue;
    }
    if (selection.texts() == 0) break;
    if (!selection.cancelled.empty()) {
      reply_threads_.Add(
          {std::move(selection.cancelled), absl::CancelledError("the caller cancelled the call")});
    }
    if (!selection.expired.empty()) {
      reply_threads_.Add({std::move(selection.expired),
                          absl::DeadlineExceededError("the deadline passed while the text waited")});
    }
    if (!selection.batch.empty()) {
      ReportQueueWaits(selection.batch);
      Run(std::move(selection.batch));
    }
  }
  MutexLock lock(&mutex_);
  --running_workers_;
  stopped_.NotifyAll();
}

BatchQueue::BatchSelection Batcher::WaitForWork(int worker, WarmUpTask* warm_up) {
  MutexLock lock(&mutex_);
  while (queue_.empty() && !draining_ && !warm_ups_[worker].valid()) work_.Wait(&mutex_);
  *warm_up = std::move(warm_ups_[worker]);
  BatchQueue::BatchSelection selection;
  if (!warm_up->valid()) selection = queue_.Take(Job::Clock::now());
  if (selection.texts() > 0) {
    claimed_texts_ -= selection.texts();
    observer_->OnQueueChange(-selection.texts());
  }
  // Submit woke one worker only; this one wakes the next if jobs are left.
  if (!queue_.empty()) work_.NotifyOne();
  return selection;
}

void Batcher::ReportQueueWaits(const std::vector<Job>& batch) {
  const auto now = Job::Clock::now();
  BatchObserver::Durations waits;
  waits.reserve(batch.size());
  for (const Job& job : batch) waits.push_back(now - job.submitted);
  observer_->OnQueueWaits(waits);
}

// Halves a batch that fails and runs both halves, so that in the end only the jobs at fault fail.
void Batcher::Run(std::vector<Job> batch) {
  std::vector<const Encoding*> texts;
  texts.reserve(batch.size());
  int64_t tokens = 0;
  for (const Job& job : batch) {
    texts.push_back(&job.encoding);
    tokens += static_cast<int64_t>(job.encoding.ids.size());
  }
  observer_->OnBatch(static_cast<int64_t>(batch.size()), tokens);
  absl::StatusOr<ProbabilityRows> rows = Predict(*batch.front().model, texts);
  if (rows.ok() || batch.size() == 1) {
    reply_threads_.Add({std::move(batch), std::move(rows)});
    return;
  }
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  std::vector<Job> second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  Run(std::move(batch));
  Run(std::move(second));
}

}  // namespace newsgenre
