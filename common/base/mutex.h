// std::mutex with annotations that clang's -Wthread-safety checks. Not absl::Mutex: ThreadSanitizer gives false reports
// for the prebuilt one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define NEWSGENRE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define NEWSGENRE_THREAD_ANNOTATION(x)
#endif

#define CAPABILITY(x) NEWSGENRE_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY NEWSGENRE_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) NEWSGENRE_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) NEWSGENRE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) NEWSGENRE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) NEWSGENRE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) NEWSGENRE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS NEWSGENRE_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace newsgenre {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() RELEASE() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

// A condition variable for Mutex. Wait in a loop that checks the condition.
class CondVar {
 public:
  void Wait(Mutex* mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when `deadline` passed.
  bool WaitUntil(Mutex* mutex, std::chrono::steady_clock::time_point deadline) REQUIRES(mutex)
      NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace newsgenre
