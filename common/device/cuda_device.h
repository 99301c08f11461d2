// What a GPU is and can.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace newsgenre {

// NVIDIA's version of a GPU's abilities: 8.0 is an A100, 9.0 an H100. From 8.0 on it multiplies bf16 matrices
// in hardware.
struct CudaCapability {
  int major = 0;
  int minor = 0;
};

// 0.0 for the CPU, and in a build without CUDA. Any thread; quick.
CudaCapability ComputeCapability(c10::Device device);

// "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.1 GiB, CUDA 13.0". For a CUDA device only.
std::string DescribeGpu(c10::Device device);

}  // namespace newsgenre
