// Which kernel runs a linear map. No torch.
#pragma once

#include <string>

namespace newsgenre {

struct KernelChoice {
  std::string linear;       // "qkv", "ffn", …
  std::string kernel;       // "oneDNN fp32", …
  double small_gflops = 0;  // of all threads together, at the smaller number of rows a thread that was timed
  double large_gflops = 0;  // and at the larger
};

}  // namespace newsgenre
