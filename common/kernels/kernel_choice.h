// Names the kernel that runs a linear map. This header does not include torch.
#pragma once

#include <string>

namespace newsgenre {

struct KernelChoice {
  std::string linear;  // the map, such as "qkv" or "ffn"
  std::string kernel;  // such as "oneDNN fp32"
  double small_gflops =
      0;  // the rate of all threads together, at kSmallRows rows per thread (linear_kernel.h)
  double large_gflops = 0;  // the same at kLargeRows rows per thread
};

}  // namespace newsgenre
