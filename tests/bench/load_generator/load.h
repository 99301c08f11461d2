// Generates load on a target and records every call.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "tests/bench/load_generator/results.h"
#include "tests/bench/load_generator/target.h"

namespace newsgenre {

struct LoadOptions {
  int callers = 0;            // closed loop: concurrent callers, each with one call at a time
  double rate = 0;            // open loop, if `callers` is 0: calls per second, with Poisson arrivals
  double warmup_seconds = 2;  // before the measurement
  double seconds = 10;        // of the measurement
  uint64_t seed = 1;          // for the arrivals
  size_t texts = 1;           // number of texts; call i has text i modulo this
  double grace_seconds = 60;  // longest wait for the last responses
};

// One run of a closed or an open loop. Run must be called only once. The target calls OnFinished on its own
// threads.
class Load : public Target::Listener {
 public:
  explicit Load(const LoadOptions& options) : options_(options) {}

  // Blocks until every call has finished or the grace period is over. Stops sending after kMaxFailures failed
  // calls.
  void Run(Target* target) ABSL_LOCKS_EXCLUDED(mutex_);

  void OnFinished(size_t call, const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_);

  static constexpr size_t kMaxFailures = 1000;

  // The results, to be read after Run.
  Window window() const;
  std::vector<Call> calls() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the number of failed calls for each error.
  std::map<std::string, size_t> errors() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  double Now() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double EndOfSending() const { return options_.warmup_seconds + options_.seconds; }
  void RunClosedLoop() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunOpenLoop() ABSL_LOCKS_EXCLUDED(mutex_);
  // Sends the next call of a closed loop.
  void SendNext() ABSL_LOCKS_EXCLUDED(mutex_);
  // Stops sending and waits for the pending calls.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

  const LoadOptions options_;
  Clock::time_point start_;
  Target* target_ = nullptr;
  std::promise<void> drained_;  // set when sending has stopped and no call is pending
  mutable Mutex mutex_;
  bool sending_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  size_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, size_t> errors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
