// What the services tell of their calls.
#pragma once

#include <array>
#include <chrono>

#include "absl/status/status.h"

namespace newsgenre {

// The codes that a call can end with.
inline constexpr std::array<absl::StatusCode, 7> kApiStatusCodes = {
    absl::StatusCode::kOk,
    absl::StatusCode::kCancelled,
    absl::StatusCode::kInvalidArgument,
    absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kInternal,
    absl::StatusCode::kUnavailable,
};

// Hears of one method's calls. Any thread.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStart() = 0;
  // `code` is one of kApiStatusCodes; `latency` counts from OnStart.
  virtual void OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) = 0;
};

}  // namespace newsgenre
