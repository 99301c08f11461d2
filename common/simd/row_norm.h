// Layer norm (Ba et al. 2016, arXiv:1607.06450) of rows on the CPU.
#pragma once

#include <cstdint>

namespace newsgenre {

// x[r] = (x[r] - mean) / √(variance + epsilon) · weight + bias, in place; `x`: [rows, width], `weight` and
// `bias`: [width]. Runs on the calling thread alone; any thread.
void NormalizeRows(float* x, int64_t rows, int64_t width, const float* weight, const float* bias,
                   double epsilon);

}  // namespace newsgenre
