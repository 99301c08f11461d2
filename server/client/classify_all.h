// Sends many Classify calls, several at a time, and retries those that the server rejects for now.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.grpc.pb.h"

namespace newsgenre {

struct CallOptions {
  size_t max_in_flight = 64;                 // concurrent calls, including those that wait for a retry
  std::chrono::milliseconds timeout{30000};  // per text, including retries
  size_t max_ahead = 4096;                   // how far past the oldest unanswered text to send
  // Wait before the first retry. It doubles from retry to retry, up to 2 s.
  std::chrono::milliseconds first_backoff{50};
};

// Returns the wait after failed attempt number `attempt` (from 1): 50 to 100 % of the backoff, spread by
// `index`, so that texts that failed together are not retried together.
std::chrono::milliseconds RetryDelay(int attempt, size_t index, std::chrono::milliseconds first_backoff);

// Receives the result of text number `index`. An error stops ClassifyAll.
using ResultCallback = std::function<absl::Status(size_t index, absl::StatusOr<v1::ClassifyResponse> result)>;

// Sends make_request(0) … make_request(count - 1), and calls `on_result` once for each as the responses
// arrive, in any order. Retries a text on RESOURCE_EXHAUSTED and UNAVAILABLE until its timeout. Blocks until
// every text has a result, or until `on_result` fails: then it cancels the pending calls and returns that
// error. Calls both functions on the calling thread.
absl::Status ClassifyAll(v1::ClassifierService::StubInterface* stub, size_t count,
                         const std::function<v1::ClassifyRequest(size_t index)>& make_request,
                         const CallOptions& options, const ResultCallback& on_result);

}  // namespace newsgenre
