// Dropout (Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting).
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// What to multiply with, in the shape, type (fp32 or bf16) and device of `like`: each value by itself is 0
// with probability `rate`, 0 … 1 without 1, and 1 / (1 - rate) otherwise. Chance is of torch's generator of
// the device; on the CPU one number is drawn of it, and the values are a hash of that and of their places, so
// that the number of threads doesn't matter (and it takes a tenth of the time of torch's own). Any thread.
at::Tensor DropoutMask(const at::Tensor& like, double rate);

}  // namespace newsgenre
