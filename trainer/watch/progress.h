// What a training run shows while it runs.
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

// "epoch 1/2  step 120/3400  loss 0.4312  accuracy 84.1 %  812 texts/s  12:31 left". Pure.
std::string ProgressLine(const ProgressState& state);

// Shows on a terminal one line that it writes over, elsewhere JSON lines (common/base/json_log.h). Due,
// Show and UpdateCount from one thread, the rest from any.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // `terminal` is where to write, nullptr for JSON lines.
  explicit Progress(std::ostream* terminal) : terminal_(terminal), shown_(Clock::now()) {}

  // Whether Show is worth calling: a fraction of a second since the last time on a terminal, ten seconds
  // elsewhere.
  bool Due(Clock::time_point now) const;
  void Show(const ProgressState& state, Clock::time_point now);
  // Of work whose parts take no time to speak of; shown when Due.
  void UpdateCount(const std::string& what, int64_t done, int64_t all);
  void EpochDone(const EpochResult& epoch, int epochs);
  // Anything else that is worth knowing.
  void Log(const std::string& message, const nlohmann::ordered_json& fields = {});
  // Why the program ends.
  void Error(const std::string& message);

 private:
  // On the terminal, in place of what its last line holds.
  void Write(const std::string& text);

  Mutex mutex_;
  std::ostream* const terminal_ ABSL_PT_GUARDED_BY(mutex_);
  Clock::time_point shown_;
};

inline double SecondsSince(Progress::Clock::time_point start) {
  return std::chrono::duration<double>(Progress::Clock::now() - start).count();
}

}  // namespace newsgenre
