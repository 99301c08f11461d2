// What the network computes in when it serves. No torch.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace newsgenre {

enum class Precision {
  kFp32,
  kBf16,
  kFp16,  // on a GPU only
  kInt8,  // on the CPU only: the matrix products; the rest is fp32
};

// "fp32", "bf16", "fp16", "int8".
std::string_view PrecisionName(Precision precision);

// Checks the flag --precision: returns INVALID_ARGUMENT unless `name` is "auto" or a precision's name.
absl::Status CheckPrecisionName(std::string_view name);

struct DeviceCapabilities {
  bool is_gpu = false;
  bool native_bf16 = false;  // multiplies bf16 matrices in hardware
};

// A name as above, or "auto": bf16 where the device multiplies it in hardware, fp32 elsewhere; so that
// replicas on like machines agree. bf16 that is asked for is emulated where the hardware lacks it (slow).
// INVALID_ARGUMENT: no such precision; FAILED_PRECONDITION: the device has none of it.
absl::StatusOr<Precision> ParsePrecision(std::string_view name, const DeviceCapabilities& device);

}  // namespace newsgenre
