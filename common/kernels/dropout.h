// Dropout (Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting).
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// Returns a mask to multiply activations by, with the shape, type (fp32 or bf16) and device of `like`. Each
// value is independently 0 with probability `rate` and 1 / (1 - rate) otherwise, 0 <= rate < 1. Randomness
// comes from torch's generator of the device. On the CPU one number is drawn from it and hashed with each
// position: the mask does not depend on the number of threads, and takes a tenth of the time of torch's.
// Thread-safe.
at::Tensor DropoutMask(const at::Tensor& like, double rate);

}  // namespace newsgenre
