// Describes the device that this process computes on. This header does not include torch.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/device/precision.h"

namespace newsgenre {

struct Machine {
  std::string device;  // such as "cpu" or "cuda:0"
  // Such as "AMD EPYC 7543, AVX2, 2 threads", or DescribeGpu's text.
  std::string description;
  DeviceCapabilities capabilities;
};

// Describes the device that ParseDevice returns for the name `device`. Returns ParseDevice's errors.
absl::StatusOr<Machine> DescribeMachine(const std::string& device);

}  // namespace newsgenre
