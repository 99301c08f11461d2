// Chooses the device that a program computes on, and converts torch's exceptions to statuses and its warnings
// to log lines. No other file catches torch's exceptions.
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

// Parses "cpu", "cuda:N" or "auto", which is the first GPU if this build and this machine have one and the
// CPU otherwise. Returns FAILED_PRECONDITION if the GPU is missing, with the reason (built without CUDA, no
// driver, too few GPUs), and INVALID_ARGUMENT for any other name.
absl::StatusOr<c10::Device> ParseDevice(std::string_view name);

// Returns the capabilities of a device. `native_bf16` is true for GPUs of compute capability 8.0 or newer and
// for CPUs with AVX-512 BF16 or AMX.
DeviceCapabilities CapabilitiesOf(c10::Device device);

// Returns the tensor type of a precision on a GPU. `precision` must not be kInt8.
c10::ScalarType TypeOnGpu(Precision precision);

// Runs `body` and returns its status. Turns an exception into INTERNAL, or RESOURCE_EXHAUSTED if memory ran
// out, with the first line of its message. Writes torch's warnings to the log.
absl::Status CatchTorch(const std::function<absl::Status()>& body);

// Does the same for a body that returns an absl::StatusOr.
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
