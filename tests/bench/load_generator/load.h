// Loads a target and keeps account of every call.
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
  int callers = 0;            // closed loop: each sends its next call when it has the answer to its last
  double rate = 0;            // open loop, where `callers` is 0: calls a second, Poisson arrivals
  double warmup_seconds = 2;  // not measured
  double seconds = 10;        // measured
  uint64_t seed = 1;          // of the arrivals
  size_t texts = 1;           // call i carries text i modulo this
  double grace_seconds = 60;  // for the answers that are still out at the end
};

// One run. Run is called once, on one thread; OnFinished comes from the target's.
class Load : public Target::Listener {
 public:
  explicit Load(const LoadOptions& options) : options_(options) {}

  // Returns when every call is answered or the grace is over. A target that fails kMaxFailures calls gets no
  // more.
  void Run(Target* target) ABSL_LOCKS_EXCLUDED(mutex_);

  void OnFinished(size_t call, const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_);

  static constexpr size_t kMaxFailures = 1000;

  // After Run.
  Window window() const;
  std::vector<Call> calls() const ABSL_LOCKS_EXCLUDED(mutex_);
  // How many calls failed with which error.
  std::map<std::string, size_t> errors() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  double Now() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double EndOfSending() const { return options_.warmup_seconds + options_.seconds; }
  void RunClosedLoop() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunOpenLoop() ABSL_LOCKS_EXCLUDED(mutex_);
  // A closed loop's next call.
  void SendNext() ABSL_LOCKS_EXCLUDED(mutex_);
  // Sends nothing more, and waits for what is under way.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

  const LoadOptions options_;
  Clock::time_point start_;
  Target* target_ = nullptr;
  std::promise<void> drained_;  // no call is under way, and none will be
  mutable Mutex mutex_;
  bool sending_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, size_t> errors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
