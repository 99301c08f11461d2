#include "common/model/fp32_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "common/model/avx2.h"
#include "common/model/parallel.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

constexpr int64_t kColumns = Fp32Product::kOutMultiple;
// So many rows at once that their sums and one input of the panel fit into the 16 vector registers.
constexpr int64_t kTileRows = 6;
// What is multiplied while it stays in the second-level cache: so many rows, and so many of their inputs.
constexpr int64_t kBlockRows = 96;
constexpr int64_t kBlockInputs = 768;
// A thread's share is worth at least this many products.
constexpr int64_t kGrain = 1 << 20;

// Where a tile reads and writes: all at its first row, at its first input, and at its panel's first column.
struct Tile {
  const float* x;
  int64_t in;
  const float* panel;
  int64_t inputs;         // that this block takes
  const float* bias;      // in the first block of inputs; later ones add to y
  const float* residual;  // may be null
  float* y;
  int64_t out;
};

// What the sums of a row start from, for 8 columns.
NEWSGENRE_AVX2 inline __m256 Start(const Tile& tile, int64_t row, int64_t column) {
  const int64_t at = row * tile.out + column;
  if (tile.bias == nullptr) return _mm256_loadu_ps(tile.y + at);
  const __m256 bias = _mm256_loadu_ps(tile.bias + column);
  return tile.residual == nullptr ? bias : _mm256_add_ps(bias, _mm256_loadu_ps(tile.residual + at));
}

template <int64_t kRows>
NEWSGENRE_AVX2 void MultiplyTile(const Tile& tile) {
  __m256 sums[kRows][2];
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; ++row) {
    sums[row][0] = Start(tile, row, 0);
    sums[row][1] = Start(tile, row, kColumns / 2);
  }
  const float* panel = tile.panel;
#pragma GCC unroll 2
  for (int64_t i = 0; i < tile.inputs; ++i, panel += kColumns) {
    const __m256 left = _mm256_loadu_ps(panel), right = _mm256_loadu_ps(panel + kColumns / 2);
#pragma GCC unroll 6
    for (int64_t row = 0; row < kRows; ++row) {
      const __m256 x = _mm256_broadcast_ss(tile.x + row * tile.in + i);
      sums[row][0] = _mm256_fmadd_ps(x, left, sums[row][0]);
      sums[row][1] = _mm256_fmadd_ps(x, right, sums[row][1]);
    }
  }
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; ++row) {
    _mm256_storeu_ps(tile.y + row * tile.out, sums[row][0]);
    _mm256_storeu_ps(tile.y + row * tile.out + kColumns / 2, sums[row][1]);
  }
}

// `rows` rows with the tile's panel.
void MultiplyPanel(Tile tile, int64_t rows) {
  for (; rows >= kTileRows; rows -= kTileRows) {
    MultiplyTile<kTileRows>(tile);
    tile.x += kTileRows * tile.in;
    tile.y += kTileRows * tile.out;
    if (tile.residual != nullptr) tile.residual += kTileRows * tile.out;
  }
  constexpr void (*kRest[kTileRows])(const Tile&) = {nullptr,         MultiplyTile<1>, MultiplyTile<2>,
                                                     MultiplyTile<3>, MultiplyTile<4>, MultiplyTile<5>};
  if (rows > 0) kRest[rows](tile);
}

at::Tensor PanelsOf(const at::Tensor& weight) {
  return weight.view({weight.size(0) / kColumns, kColumns, weight.size(1)}).transpose(1, 2).contiguous();
}

}  // namespace

bool Fp32Product::Fits(int64_t out) { return out % kOutMultiple == 0 && HasAvx2(); }

Fp32Product::Fp32Product(const at::Tensor& weight, const at::Tensor& bias)
    : in_(weight.size(1)),
      out_(weight.size(0)),
      bias_(bias.contiguous()),
      panels_(PanelsOf(weight.contiguous())) {}

at::Tensor Fp32Product::Run(const at::Tensor& x, const at::Tensor& residual) const {
  const int64_t count = x.size(0);
  const at::Tensor result = at::empty({count, out_}, x.options());
  const float* in = x.const_data_ptr<float>();
  const float* panels = panels_.const_data_ptr<float>();
  const float* bias = bias_.const_data_ptr<float>();
  const float* added = residual.defined() ? residual.const_data_ptr<float>() : nullptr;
  float* y = result.mutable_data_ptr<float>();

  const auto multiply = [&](int64_t row, int64_t input, int64_t panel) {
    const int64_t column = panel * kColumns, at = row * out_ + column;
    MultiplyPanel({in + row * in_ + input, in_, panels + column * in_ + input * kColumns,
                   std::min(kBlockInputs, in_ - input), input == 0 ? bias + column : nullptr,
                   added == nullptr ? nullptr : added + at, y + at, out_},
                  std::min(kBlockRows, count - row));
  };
  const int64_t grain = std::max<int64_t>(1, kGrain / (std::max<int64_t>(count, 1) * in_ * kColumns));
  ParallelFor(out_ / kColumns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < count; row += kBlockRows) {
      for (int64_t input = 0; input < in_; input += kBlockInputs) {
        for (int64_t panel = begin; panel < end; ++panel) multiply(row, input, panel);
      }
    }
  });
  return result;
}

#else

bool Fp32Product::Fits(int64_t) { return false; }

Fp32Product::Fp32Product(const at::Tensor& weight, const at::Tensor& bias)
    : in_(weight.size(1)), out_(weight.size(0)), bias_(bias) {}

at::Tensor Fp32Product::Run(const at::Tensor&, const at::Tensor&) const { return {}; }

#endif

}  // namespace newsgenre
