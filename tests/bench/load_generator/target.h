// The server under load.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Sends calls to one server and reports how each call ended.
class Target {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Called once for each call, on a thread of the target, never from within Send. `status` is OK if the
    // response contains a prediction.
    virtual void OnFinished(size_t call, const absl::Status& status) = 0;
  };

  // Drops the pending calls and ends the target's threads. The listener is not called any more.
  virtual ~Target() = default;
  // Starts call number `call` with text number `text` and returns. Thread-safe.
  virtual void Send(size_t call, size_t text) = 0;
};

struct TargetOptions {
  std::string protocol;  // "newsgenre", "triton" (KServe v2 over gRPC) or "http" (POST /predict with JSON)
  std::string address;   // HOST:PORT
};

// `listener` must outlive the target. Returns INVALID_ARGUMENT if the protocol is unknown.
absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetOptions& options,
                                                   const std::vector<std::string>& texts,
                                                   Target::Listener* listener);

}  // namespace newsgenre
