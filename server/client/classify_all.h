// Many Classify calls, some at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.grpc.pb.h"

namespace newsgenre {

struct CallOptions {
  size_t max_in_flight = 64;                 // calls at a time, those that wait for a retry included
  std::chrono::milliseconds timeout{30000};  // of one text, retries included
  size_t max_ahead = 4096;  // how far behind the text that is sent next an unanswered one may lie
  // Before the first retry; doubles from one to the next, up to 2 s.
  std::chrono::milliseconds first_backoff{50};
};

// How long to wait after the attempt-th failure (from 1 on): 50 to 100 % of the backoff, spread by `index` so
// that texts that failed together don't come back together. Pure.
std::chrono::milliseconds RetryDelay(int attempt, size_t index, std::chrono::milliseconds first_backoff);

// An error stops the run.
using ClassifySink = std::function<absl::Status(size_t index, absl::StatusOr<v1::ClassifyResponse> result)>;

// Sends request_of(0) … request_of(count - 1) and calls `sink` once for each as the answers come, in any
// order. A text that the server refuses for now (RESOURCE_EXHAUSTED, UNAVAILABLE) is sent again until its
// time is up; texts further than `max_ahead` behind it wait. Both functions are called on this thread; it
// returns when all texts have ended, or with the sink's first error, after which it sends nothing and cancels
// the calls under way.
absl::Status ClassifyAll(v1::ClassifierService::StubInterface* stub, size_t count,
                         const std::function<v1::ClassifyRequest(size_t index)>& request_of,
                         const CallOptions& options, const ClassifySink& sink);

}  // namespace newsgenre
