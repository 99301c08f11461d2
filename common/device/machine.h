// What this machine has to compute with. This header shows no torch.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/device/precision.h"

namespace newsgenre {

struct Machine {
  std::string device;  // "cpu", "cuda:0"
  // "AMD EPYC 7543, AVX2, 2 threads"; "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.1 GiB, CUDA 13.0"
  std::string description;
  DeviceCapabilities abilities;
};

// `device` as in ParseDevice, whose errors it has.
absl::StatusOr<Machine> DescribeMachine(const std::string& device);

}  // namespace newsgenre
