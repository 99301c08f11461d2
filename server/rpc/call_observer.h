// Receives the events of RPC calls, for metrics.
#pragma once

#include <array>
#include <chrono>

#include "absl/status/status.h"

namespace newsgenre {

// The status codes that a call can end with.
inline constexpr std::array<absl::StatusCode, 7> kApiStatusCodes = {
    absl::StatusCode::kOk,
    absl::StatusCode::kCancelled,
    absl::StatusCode::kInvalidArgument,
    absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kInternal,
    absl::StatusCode::kUnavailable,
};

// Observes the calls of one method. Implementations must be thread-safe.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStart() = 0;
  // `code` is one of kApiStatusCodes; `latency` is the time since OnStart.
  virtual void OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) = 0;
};

}  // namespace newsgenre
