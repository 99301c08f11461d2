// A queue of work on a device, of which runs can be recorded. The one that is a CUDA stream is the only file
// that touches CUDA's graphs; tests bring one for the CPU.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"

namespace newsgenre {

// For one thread at a time, any. torch's exceptions pass (see CatchTorch).
class DeviceStream {
 public:
  using Run = std::function<void()>;

  virtual ~DeviceStream() = default;
  virtual c10::Device device() const = 0;

  // Calls `body`; the work that it starts on the device goes to this stream. Returns once all of it is done,
  // or passes an exception on; meanwhile the CPU sleeps.
  virtual void Finish(const Run& body) = 0;

  // Calls `run` a few times, and returns what starts the same work again with one call, on the same tensors
  // in the same memory; so `run` may wait for nothing and read nothing from the device. Only within Finish.
  // What was recorded holds the stream's memory: it must not outlive the stream.
  virtual absl::StatusOr<Run> Record(const Run& run) = 0;
};

// A stream of its own on a GPU, whose recordings are CUDA graphs that share one pool of memory. What the
// caller started on the GPU before is done when it returns. INTERNAL in a build without CUDA.
absl::StatusOr<std::unique_ptr<DeviceStream>> MakeCudaStream(c10::Device device);

}  // namespace newsgenre
