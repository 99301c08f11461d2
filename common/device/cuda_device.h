// Describes a GPU.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace newsgenre {

// NVIDIA's version number of a GPU's features: 8.0 is an A100, 9.0 an H100. GPUs from 8.0 on multiply bf16
// matrices in hardware.
struct CudaCapability {
  int major = 0;
  int minor = 0;
};

// Returns the compute capability of a GPU, or 0.0 for the CPU and in a build without CUDA. Fast and
// thread-safe.
CudaCapability ComputeCapability(c10::Device device);

// Returns a description such as "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.1 GiB, CUDA 13.0".
// `device` must be a CUDA device.
std::string DescribeGpu(c10::Device device);

}  // namespace newsgenre
