// How a run that is asked to stop does so.
#pragma once

#include <atomic>

#include "absl/status/status.h"

namespace newsgenre {

// CANCELLED once `stop` is true. Work that takes a while asks between its parts, and passes the status on.
inline absl::Status CheckStop(const std::atomic<bool>& stop) {
  return stop.load() ? absl::CancelledError("asked to stop") : absl::OkStatus();
}

}  // namespace newsgenre
