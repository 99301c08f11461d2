// A queue of work on a device that can capture work and replay it. The CUDA implementation is the only code
// that touches CUDA's graphs; tests have an implementation for the CPU.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"

namespace newsgenre {

// Not thread-safe, but not bound to one thread. Throws torch's exceptions (see CatchTorch).
class DeviceStream {
 public:
  using Work = std::function<void()>;

  virtual ~DeviceStream() = default;
  virtual c10::Device device() const = 0;

  // Calls `body` with this stream as the current one and blocks until all the work that it started is done.
  // The CPU sleeps meanwhile. Waits for the work also if `body` throws.
  virtual void RunAndWait(const Work& body) = 0;

  // Calls `work` a few times and returns a function that starts the same work again by one call, on the same
  // tensors. `work` must not wait for the device or read from it. Call this only within RunAndWait. The
  // returned function holds memory of the stream and must not outlive it.
  virtual absl::StatusOr<Work> Capture(const Work& work) = 0;
};

// Returns a new stream on a GPU. Its captures are CUDA graphs that share one memory pool. Blocks until the
// work that the caller has started on the GPU is done. Returns INTERNAL in a build without CUDA.
absl::StatusOr<std::unique_ptr<DeviceStream>> MakeCudaStream(c10::Device device);

}  // namespace newsgenre
