// The output of the trainer while it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "common/base/mutex.h"
#include "nlohmann/json.hpp"
#include "trainer/report/report.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// Returns "epoch 1/2  step 120/3400  loss 0.4312  accuracy 84.1 %  812 texts/s  12:31 left". Pure.
std::string ProgressLine(const ProgressState& state);

// Writes progress to a terminal, as one line that it overwrites, or to the log as JSON lines
// (common/base/json_log.h). Call Due, Show and UpdateCount from one thread only; the other methods are
// thread-safe.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // Writes to `terminal`, or JSON lines if it is null.
  explicit Progress(std::ostream* terminal) : terminal_(terminal), shown_(Clock::now()) {}

  // Returns whether to call Show: on a terminal 0.2 seconds after the last output, in the log after 10
  // seconds.
  bool Due(Clock::time_point now) const;
  void Show(const ProgressState& state, Clock::time_point now);
  // Shows that `done` of `all` parts of some work are done, if Due. Cheap enough to call for every part.
  void UpdateCount(const std::string& what, int64_t done, int64_t all);
  void EpochDone(const EpochResult& epoch, int epochs);
  // Writes a message of any other kind.
  void Log(const std::string& message, const nlohmann::ordered_json& fields = {});
  // Writes the error that ends the program.
  void Error(const std::string& message);

 private:
  // Overwrites the terminal's last line.
  void Write(const std::string& text);

  Mutex mutex_;
  std::ostream* const terminal_ ABSL_PT_GUARDED_BY(mutex_);
  Clock::time_point shown_;
};

// Returns the seconds since `start`.
inline double SecondsSince(Progress::Clock::time_point start) {
  return std::chrono::duration<double>(Progress::Clock::now() - start).count();
}

}  // namespace newsgenre
