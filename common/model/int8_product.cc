#include "common/model/int8_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "common/model/avx2.h"
#include "common/model/parallel.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

// A panel holds kOutMultiple columns: for each kInMultiple inputs kVectors vectors, each of which has 4
// inputs of 8 columns: those of vpmaddubsw. The first two vectors have the first 4 inputs.
constexpr int64_t kColumns = Int8Product::kOutMultiple;
constexpr int64_t kStep = Int8Product::kInMultiple;

// So many rows at once that their sums and a step of the panel fit into the 16 vector registers.
constexpr int64_t kTileRows = 3;
// The rows that meet one panel after the other: those of 768 inputs stay in the second-level cache.
constexpr int64_t kBlockRows = 96;
// A thread's share is worth at least this many products.
constexpr int64_t kGrain = 1 << 21;

// Where a tile reads and writes: all at its first row, and at its panel's first column.
struct Tile {
  const uint8_t* values;
  int64_t in;
  const int8_t* panel;
  const float* row_scales;
  const float* row_offsets;
  const float* scales;
  const float* sums;
  const float* bias;
  const float* residual;  // may be null
  float* y;
  int64_t out;
};

NEWSGENRE_AVX2 inline __m256i FourValues(const uint8_t* values) {
  int32_t four;
  std::memcpy(&four, values, sizeof(four));
  return _mm256_set1_epi32(four);
}

// y of one row for 8 columns from the sums of their products.
NEWSGENRE_AVX2 inline void Store(__m256i sums, const Tile& tile, int64_t row, int64_t column) {
  const __m256 row_scale = _mm256_set1_ps(tile.row_scales[row]);
  const __m256 row_offset = _mm256_set1_ps(tile.row_offsets[row]);
  const __m256 constant =
      _mm256_fmadd_ps(row_offset, _mm256_loadu_ps(tile.sums + column), _mm256_loadu_ps(tile.bias + column));
  const __m256 scale = _mm256_mul_ps(row_scale, _mm256_loadu_ps(tile.scales + column));
  __m256 y = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(sums), constant);
  const int64_t at = row * tile.out + column;
  if (tile.residual != nullptr) y = _mm256_add_ps(y, _mm256_loadu_ps(tile.residual + at));
  _mm256_storeu_ps(tile.y + at, y);
}

template <int64_t kRows>
NEWSGENRE_AVX2 void MultiplyTile(const Tile& tile) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kRows][2];
#pragma GCC unroll 3
  for (int64_t row = 0; row < kRows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_si256();
  const auto* panel = reinterpret_cast<const __m256i*>(tile.panel);
  for (int64_t i = 0; i < tile.in; i += kStep, panel += 4) {
    const __m256i w0 = _mm256_loadu_si256(panel), w1 = _mm256_loadu_si256(panel + 1);
    const __m256i w2 = _mm256_loadu_si256(panel + 2), w3 = _mm256_loadu_si256(panel + 3);
#pragma GCC unroll 3
    for (int64_t row = 0; row < kRows; ++row) {
      const uint8_t* values = tile.values + row * tile.in + i;
      const __m256i x0 = FourValues(values), x1 = FourValues(values + 4);
      const __m256i left = _mm256_add_epi16(_mm256_maddubs_epi16(x0, w0), _mm256_maddubs_epi16(x1, w2));
      const __m256i right = _mm256_add_epi16(_mm256_maddubs_epi16(x0, w1), _mm256_maddubs_epi16(x1, w3));
      sums[row][0] = _mm256_add_epi32(sums[row][0], _mm256_madd_epi16(left, ones));
      sums[row][1] = _mm256_add_epi32(sums[row][1], _mm256_madd_epi16(right, ones));
    }
  }
#pragma GCC unroll 3
  for (int64_t row = 0; row < kRows; ++row) {
    Store(sums[row][0], tile, row, 0);
    Store(sums[row][1], tile, row, kColumns / 2);
  }
}

// The tile that is `rows` and `columns` further, those a whole number of panels.
Tile Moved(Tile tile, int64_t rows, int64_t columns) {
  tile.values += rows * tile.in;
  tile.panel += columns * tile.in;
  tile.row_scales += rows;
  tile.row_offsets += rows;
  tile.scales += columns;
  tile.sums += columns;
  tile.bias += columns;
  if (tile.residual != nullptr) tile.residual += rows * tile.out + columns;
  tile.y += rows * tile.out + columns;
  return tile;
}

// `rows` rows with the tile's panel.
void MultiplyPanel(Tile tile, int64_t rows) {
  for (; rows >= kTileRows; rows -= kTileRows) {
    MultiplyTile<kTileRows>(tile);
    tile = Moved(tile, kTileRows, 0);
  }
  if (rows == 2) MultiplyTile<2>(tile);
  if (rows == 1) MultiplyTile<1>(tile);
}

at::Tensor PanelsOf(const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1);
  // [panels, halves of 8 columns, 8, steps, fours of inputs, 4] to [panels, steps, fours, halves, 8, 4]
  return weight.view({out / kColumns, 2, 8, in / kStep, 2, 4}).permute({0, 3, 4, 1, 2, 5}).contiguous();
}

}  // namespace

bool Int8Product::Fits(int64_t in, int64_t out) {
  return in % kInMultiple == 0 && out % kOutMultiple == 0 && HasAvx2();
}

Int8Product::Int8Product(const at::Tensor& weight, const at::Tensor& scales, const ColumnTerms& columns)
    : in_(weight.size(1)),
      out_(weight.size(0)),
      scales_(scales.contiguous()),
      columns_{columns.sums.contiguous(), columns.bias.contiguous()},
      panels_(PanelsOf(weight.contiguous())) {}

at::Tensor Int8Product::Run(const QuantizedRows& rows, const at::Tensor& residual) const {
  const int64_t count = rows.values.size(0);
  const at::Tensor y = at::empty({count, out_}, at::TensorOptions(at::kFloat));
  const Tile first{rows.values.const_data_ptr<uint8_t>(),
                   in_,
                   panels_.const_data_ptr<int8_t>(),
                   rows.scales.const_data_ptr<float>(),
                   rows.offsets.const_data_ptr<float>(),
                   scales_.const_data_ptr<float>(),
                   columns_.sums.const_data_ptr<float>(),
                   columns_.bias.const_data_ptr<float>(),
                   residual.defined() ? residual.const_data_ptr<float>() : nullptr,
                   y.mutable_data_ptr<float>(),
                   out_};
  const int64_t grain = std::max<int64_t>(1, kGrain / (std::max<int64_t>(count, 1) * in_ * kColumns));
  ParallelFor(out_ / kColumns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < count; row += kBlockRows) {
      for (int64_t panel = begin; panel < end; ++panel) {
        MultiplyPanel(Moved(first, row, panel * kColumns), std::min(kBlockRows, count - row));
      }
    }
  });
  return y;
}

#else

bool Int8Product::Fits(int64_t, int64_t) { return false; }

Int8Product::Int8Product(const at::Tensor& weight, const at::Tensor& scales, const ColumnTerms& columns)
    : in_(weight.size(1)), out_(weight.size(0)), scales_(scales), columns_(columns) {}

at::Tensor Int8Product::Run(const QuantizedRows&, const at::Tensor&) const { return {}; }

#endif

}  // namespace newsgenre
