// Layer normalization (Ba et al. 2016, arXiv:1607.06450) on the CPU.
#pragma once

#include <cstdint>

namespace newsgenre {

// Normalizes each row in place: x[r] = (x[r] - mean) / √(variance + epsilon) · weight + bias. `x` is [rows,
// width], `weight` and `bias` are [width]. Runs on the calling thread. Thread-safe.
void NormalizeRows(float* x, int64_t rows, int64_t width, const float* weight, const float* bias,
                   double epsilon);

}  // namespace newsgenre
