// Rows in 8 bits, one scale and one offset each, so that a row's values do not depend on its neighbours.
#pragma once

#include <cstdint>

namespace newsgenre {

// x[r][i] ≈ scales[r] · values[r][i] + offsets[r]
struct QuantizedRows {
  const uint8_t* values;  // [rows, width], 0 … levels
  const float* scales;    // [rows], above 0
  const float* offsets;   // [rows]: the row's least value
};

// `x`: [rows, width]. `levels`: at most 255. The result is the calling thread's, until its next call. Any
// thread.
QuantizedRows QuantizeRows(const float* x, int64_t rows, int64_t width, int levels);

}  // namespace newsgenre
