#include "server/batching/reply_threads.h"

#include <pthread.h>

#include <string>
#include <utility>

namespace newsgenre {

ReplyThreads::ReplyThreads(int threads, BatchObserver* observer) : observer_(observer) {
  {
    MutexLock lock(&mutex_);
    running_ = threads;
  }
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { Work(i); });
}

ReplyThreads::~ReplyThreads() {
  Drain();
  for (std::thread& thread : threads_) thread.join();
}

void ReplyThreads::Add(FinishedJobs jobs) {
  {
    MutexLock lock(&mutex_);
    waiting_.push_back(std::move(jobs));
  }
  work_.NotifyOne();
}

void ReplyThreads::Drain() {
  MutexLock lock(&mutex_);
  draining_ = true;
  work_.NotifyAll();
  while (running_ > 0) stopped_.Wait(&mutex_);
}

void ReplyThreads::Work(int thread) {
  pthread_setname_np(pthread_self(), ("reply-" + std::to_string(thread)).c_str());
  mutex_.Lock();
  for (;;) {
    while (waiting_.empty() && !draining_) work_.Wait(&mutex_);
    if (waiting_.empty()) break;
    FinishedJobs jobs = std::move(waiting_.front());
    waiting_.pop_front();
    mutex_.Unlock();
    Reply(std::move(jobs));
    mutex_.Lock();
  }
  --running_;
  stopped_.NotifyAll();
  mutex_.Unlock();
}

void ReplyThreads::Reply(FinishedJobs jobs) {
  BatchObserver::Durations delays;
  delays.reserve(jobs.jobs.size());
  for (size_t i = 0; i < jobs.jobs.size(); ++i) {
    if (jobs.rows.ok()) {
      jobs.jobs[i].done(std::move((*jobs.rows)[i]));
    } else {
      // Makes a new status for each job. Copies would share a reference count in Abseil's library, which is
      // not instrumented, and ThreadSanitizer would report the last owner's delete as a race.
      const absl::Status& status = jobs.rows.status();
      jobs.jobs[i].done(absl::Status(status.code(), status.message()));
    }
    delays.push_back(Job::Clock::now() - jobs.finished);
  }
  observer_->OnReplies(delays);
}

}  // namespace newsgenre
