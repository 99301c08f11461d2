// Which kernel runs a linear map. No torch.
#pragma once

#include <string>

namespace newsgenre {

struct KernelChoice {
  std::string linear;       // "qkv", "ffn", …
  std::string kernel;       // "mkldnn fp32", …
  double small_gflops = 0;  // its rate at the smaller row count that was timed; 0: not timed
  double large_gflops = 0;  // and at the larger
};

}  // namespace newsgenre
