// What this machine has to compute with. This header shows no torch.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/model/precision.h"

namespace newsgenre {

struct Machine {
  std::string device;  // "cpu", "cuda:0"
  // "AMD EPYC 7543, AVX2, 2 threads"; "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.1 GiB, CUDA 13.0"
  std::string description;
  DeviceAbilities abilities;
};

// `device` as in ParseDevice, whose errors it has.
absl::StatusOr<Machine> DescribeMachine(const std::string& device);

// 10¹² operations a second of a matrix product at ALBERT-base's largest shape ([rows, 768] with [768, 3072];
// 96 rows on each of the calling thread's CPU threads, 8,192 on a GPU) by the best kernel of the precision:
// the best of a few runs. ParseDevice's errors, or torch's.
absl::StatusOr<double> ProductTeraflops(const std::string& device, Precision precision);

}  // namespace newsgenre
