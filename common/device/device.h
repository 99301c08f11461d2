// Which device a program runs on. torch's exceptions become statuses here, and nowhere else, and its warnings
// lines of the log.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/device/precision.h"

namespace newsgenre {

// "cpu", "cuda:N", or "auto": the first GPU where this build and this machine have one, else the CPU.
// FAILED_PRECONDITION where a GPU is asked for and absent (says why: built without CUDA, no driver, too few),
// INVALID_ARGUMENT otherwise.
absl::StatusOr<c10::Device> ParseDevice(std::string_view name);

// What the device can compute in. A GPU is taken to multiply bf16 from compute capability 8.0 on, the CPU
// with AVX-512's or AMX's instructions.
DeviceCapabilities CapabilitiesOf(c10::Device device);

// Returns the type of a precision on a GPU, which has no int8.
c10::ScalarType TypeOnGpu(Precision precision);

// Runs `body`; an exception of torch becomes INTERNAL (RESOURCE_EXHAUSTED: out of memory) with its first
// line, a warning goes to Log.
absl::Status CatchTorch(const std::function<absl::Status()>& body);

// Likewise for a body that returns an absl::StatusOr.
template <typename Body>
auto CatchTorchIn(const Body& body) -> decltype(body()) {
  decltype(body()) result = absl::UnknownError("not run");
  const absl::Status status = CatchTorch([&] {
    result = body();
    return result.status();
  });
  if (!status.ok()) return status;
  return result;
}

}  // namespace newsgenre
