// Whom work that takes a while tells how far it is, and who may end it.
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "trainer/watch/progress.h"

namespace newsgenre {

struct RunControl {
  const std::atomic<bool>& stop;  // once true, the work at hand ends: CANCELLED
  Progress* progress;
};

// CANCELLED once `stop` is true. Work that takes a while asks between its parts, and passes the status on.
inline absl::Status CheckStop(const std::atomic<bool>& stop) {
  return stop.load() ? absl::CancelledError("asked to stop") : absl::OkStatus();
}

}  // namespace newsgenre
