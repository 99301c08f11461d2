// Cancellation and progress of long-running work.
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "trainer/watch/progress.h"

namespace newsgenre {

struct RunControl {
  const std::atomic<bool>& stop;  // once true, the work ends with CANCELLED
  Progress* progress;
};

// Returns CANCELLED once `stop` is true. Long-running work calls this regularly and returns its error.
inline absl::Status CheckStop(const std::atomic<bool>& stop) {
  return stop.load() ? absl::CancelledError("asked to stop") : absl::OkStatus();
}

}  // namespace newsgenre
