#include "common/device/cuda_device.h"

#include "absl/strings/str_format.h"

#ifdef NEWSGENRE_CUDA
#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#endif

namespace newsgenre {

#ifdef NEWSGENRE_CUDA

CudaCapability ComputeCapability(c10::Device device) {
  CudaCapability capability;
  if (!device.is_cuda()) return capability;
  C10_CUDA_CHECK(
      cudaDeviceGetAttribute(&capability.major, cudaDevAttrComputeCapabilityMajor, device.index()));
  C10_CUDA_CHECK(
      cudaDeviceGetAttribute(&capability.minor, cudaDevAttrComputeCapabilityMinor, device.index()));
  return capability;
}

std::string DescribeGpu(c10::Device device) {
  cudaDeviceProp properties;
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index()));
  return absl::StrFormat("%s, compute capability %d.%d, %.1f GiB, CUDA %d.%d", properties.name,
                         properties.major, properties.minor,
                         static_cast<double>(properties.totalGlobalMem) / (1 << 30), CUDART_VERSION / 1000,
                         CUDART_VERSION % 1000 / 10);
}

#else

CudaCapability ComputeCapability(c10::Device) { return {}; }
std::string DescribeGpu(c10::Device) { return {}; }

#endif

}  // namespace newsgenre
