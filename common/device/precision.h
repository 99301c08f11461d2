// The number formats that a network can serve in. This header does not include torch.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace newsgenre {

enum class Precision {
  kFp32,
  kBf16,
  kFp16,  // GPUs only
  kInt8,  // CPUs only: the matrix products are in int8, the rest in fp32
};

// Returns "fp32", "bf16", "fp16" or "int8".
std::string_view PrecisionName(Precision precision);

// Checks the flag --precision: returns INVALID_ARGUMENT unless `name` is "auto" or a precision's name.
absl::Status CheckPrecisionName(std::string_view name);

struct DeviceCapabilities {
  bool is_gpu = false;
  bool native_bf16 = false;  // whether the hardware multiplies bf16 matrices
};

// Returns the precision called `name`. "auto" is bf16 if the device multiplies it in hardware and fp32
// otherwise, without measuring, so that replicas on equal machines agree. A device without hardware bf16
// emulates it, slowly. Returns INVALID_ARGUMENT for an unknown name and FAILED_PRECONDITION if the device
// does not support the precision.
absl::StatusOr<Precision> ParsePrecision(std::string_view name, const DeviceCapabilities& device);

}  // namespace newsgenre
