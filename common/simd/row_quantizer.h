// Quantizes rows to 8 bits. Each row has its own scale and offset, so its values do not depend on the rows
// next to it in a batch.
#pragma once

#include <cstdint>

namespace newsgenre {

// x[r][i] ≈ scales[r] · values[r][i] + offsets[r]
struct QuantizedRows {
  const uint8_t* values;  // [rows, width], from 0 to `levels`
  const float* scales;    // [rows], above 0
  const float* offsets;   // [rows], the smallest value of each row
};

// Quantizes `x`, [rows, width], to the integers from 0 to `levels`, at most 255. The result is in memory of
// the calling thread, valid until its next call. Thread-safe.
QuantizedRows QuantizeRows(const float* x, int64_t rows, int64_t width, int levels);

}  // namespace newsgenre
