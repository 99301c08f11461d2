#include "common/simd/row_quantizer.h"

#include <algorithm>
#include <limits>

#include "common/simd/select_kernel.h"
#include "common/simd/thread_buffer.h"

namespace newsgenre {

inline constexpr int64_t kQuantizerBlock = 32;  // values that one AVX2 vector of bytes holds

struct RowRange {
  float min;
  float max;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/simd/row_quantizer.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

// The kernels for processors without AVX2.
RowRange FindRange(const float* x, int64_t width) {
  const auto [min, max] = std::minmax_element(x, x + width);
  return {*min, *max};
}
int64_t QuantizeBlocks(const float*, int64_t, float, float, uint8_t*) { return 0; }

// Quantizes the values after the whole blocks. Differences from the row's minimum are not negative, so adding
// 0.5 and truncating rounds correctly.
void QuantizeRest(const float* x, int64_t count, float offset, float inverse_scale, uint8_t* values) {
  for (int64_t i = 0; i < count; ++i) {
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    values[i] = static_cast<uint8_t>(static_cast<int32_t>((x[i] - offset) * inverse_scale + 0.5f));
  }
}

}  // namespace

QuantizedRows QuantizeRows(const float* x, int64_t rows, int64_t width, int levels) {
  uint8_t* const values = ThreadBuffer<QuantizedRows, uint8_t>(rows * width);
  float* const scales = ThreadBuffer<QuantizedRows, float>(2 * rows);
  float* const offsets = scales + rows;
  const auto find_range = NEWSGENRE_SELECT_KERNEL(FindRange, kAnyWidth, FindRange);
  const auto quantize_blocks = NEWSGENRE_SELECT_KERNEL(QuantizeBlocks, kAnyWidth, QuantizeBlocks);
  for (int64_t row = 0; row < rows; ++row) {
    const float* const from = x + row * width;
    uint8_t* const to = values + row * width;
    const RowRange range = find_range(from, width);
    // If the values of a row are equal, or their step is too small to divide by in fp32, each becomes the
    // offset.
    const float step = (range.max - range.min) / static_cast<float>(levels);
    const float scale = step >= std::numeric_limits<float>::min() ? step : 1.0f;
    scales[row] = scale;
    offsets[row] = range.min;
    const int64_t done = quantize_blocks(from, width, range.min, 1.0f / scale, to);
    QuantizeRest(from + done, width - done, range.min, 1.0f / scale, to + done);
  }
  return {values, scales, offsets};
}

}  // namespace newsgenre
