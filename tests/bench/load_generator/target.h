// A server under load.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Sends calls to one server and tells how each ended.
class Target {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Once for each call, on a thread of the target's, never within Send. OK only where the answer was read
    // and holds a prediction.
    virtual void OnFinished(size_t call, const absl::Status& status) = 0;
  };

  // Ends its threads; calls that are under way are dropped, and the listener hears no more.
  virtual ~Target() = default;
  // Starts call number `call` with the text of this index, and returns. Any thread.
  virtual void Send(size_t call, size_t text) = 0;
};

struct TargetOptions {
  std::string protocol;  // "newsgenre", "triton" (KServe v2 over gRPC) or "http" (POST /predict with JSON)
  std::string address;   // HOST:PORT
};

// `listener` outlives the target. INVALID_ARGUMENT: a protocol that is none of the three.
absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetOptions& options,
                                                   const std::vector<std::string>& texts,
                                                   Target::Listener* listener);

}  // namespace newsgenre
