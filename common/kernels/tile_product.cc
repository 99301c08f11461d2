#include "common/kernels/tile_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>

#include "common/kernels/quantized_weight.h"
#include "common/simd/math.h"
#include "common/simd/row_quantizer.h"
#include "common/simd/thread_buffer.h"
#include "common/simd/tile.h"

namespace newsgenre {

// So many words of a panel stay in the second-level cache while all rows pass.
inline constexpr int64_t kBlockWords = 768;

// The rows as a product takes them.
struct RowsOfWords {
  const float* words;             // [rows, words]
  const float* scales = nullptr;  // int8: as in QuantizedRows
  const float* offsets = nullptr;
};

struct ProductOfRows {
  RowsOfWords x;
  int64_t rows;
  int64_t words;  // of a row
  int64_t out;
  const float* panels;
  const float* bias;
  const float* scales;  // int8
  const float* sums;    // int8
  Epilogue after;
  const float* residual;
  float* y;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/product.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

int64_t InputsOfWord(Precision precision) {
  switch (precision) {
    case Precision::kInt8:
      return 4;
    case Precision::kBf16:
      return 2;
    default:
      return 1;
  }
}

// The instruction set's way to multiply, and how wide its vectors and panels are.
struct Way {
  void (*multiply)(const ProductOfRows&);
  int64_t lanes;
  int64_t panel_columns;
};

std::optional<Way> WayFor(Instructions instructions, Precision precision) {
  if (!Has(instructions)) return std::nullopt;
  if (instructions == Instructions::kAvx2) {
    if (precision != Precision::kFp32) return std::nullopt;
    return Way{avx2::MultiplyPanels<avx2::Fp32Format>, avx2::kLanes, avx2::kTileVectors * avx2::kLanes};
  }
  constexpr int64_t kColumns = avx512::kTileVectors * avx512::kLanes;
  switch (precision) {
    case Precision::kFp32:
      return Way{avx512::MultiplyPanels<avx512::Fp32Format>, avx512::kLanes, kColumns};
    case Precision::kBf16:
      return Way{avx512::MultiplyPanels<avx512::Bf16Format>, avx512::kLanes, kColumns};
    case Precision::kInt8:
      return Way{avx512::MultiplyPanels<avx512::Int8Format>, avx512::kLanes, kColumns};
    default:
      return std::nullopt;
  }
}

// `weight`: [out, in] of a word's type.
at::Tensor PanelsOf(const at::Tensor& weight, int64_t inputs_of_word, int64_t panel_columns) {
  const int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor panels = at::empty({out * in}, weight.options());
  for (int64_t column = 0; column < out; column += panel_columns) {
    const int64_t columns = std::min(panel_columns, out - column);
    panels.narrow(0, column * in, columns * in)
        .view({in / inputs_of_word, columns, inputs_of_word})
        .copy_(weight.narrow(0, column, columns).view({columns, -1, inputs_of_word}).transpose(0, 1));
  }
  return panels;
}

NEWSGENRE_AVX512 void ToBf16(const float* x, int64_t count, uint16_t* to) {
  for (int64_t i = 0; i < count; i += avx512::kLanes) {
    const auto left = static_cast<__mmask16>(count - i < avx512::kLanes ? (1 << (count - i)) - 1 : 0xffff);
    const __m256bh values = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(left, x + i));
    _mm256_mask_storeu_epi16(to + i, left, (__m256i)values);
  }
}

// In the calling thread's memory, until its next product.
RowsOfWords WordsOf(const float* x, int64_t rows, int64_t in, Precision precision) {
  if (precision == Precision::kInt8) {
    const QuantizedRows quantized = QuantizeRows(x, rows, in, QuantizedWeight::RowLevels());
    return {reinterpret_cast<const float*>(quantized.values), quantized.scales, quantized.offsets};
  }
  if (precision == Precision::kFp32) return {x};
  float* const words = ThreadBuffer<RowsOfWords, float>(rows * in / 2);
  ToBf16(x, rows * in, reinterpret_cast<uint16_t*>(words));
  return {words};
}

}  // namespace

bool TileProduct::Fits(Instructions instructions, Precision precision, int64_t in, int64_t out) {
  const std::optional<Way> way = WayFor(instructions, precision);
  const bool sums_fit = precision != Precision::kInt8 || in <= QuantizedWeight::kMostInputs;
  return way && sums_fit && in % InputsOfWord(precision) == 0 && out % way->lanes == 0;
}

TileProduct::TileProduct(Instructions instructions, Precision precision, const Affine& map, Epilogue after)
    : in_(map.weight.size(1)),
      out_(map.weight.size(0)),
      precision_(precision),
      after_(after),
      bias_(map.bias.contiguous()) {
  at::Tensor weight = map.weight;
  if (precision == Precision::kBf16) weight = weight.to(at::kBFloat16);
  if (precision == Precision::kInt8) {
    const QuantizedWeight quantized(map);
    weight = quantized.values;
    scales_ = quantized.scales;
    sums_ = quantized.sums;
  }
  const Way way = *WayFor(instructions, precision);
  panels_ = PanelsOf(weight.contiguous(), InputsOfWord(precision), way.panel_columns);
  multiply_ = way.multiply;
}

void TileProduct::Run(const float* x, int64_t rows, const float* residual, float* y) const {
  ProductOfRows product{};
  product.x = WordsOf(x, rows, in_, precision_);
  product.rows = rows;
  product.words = in_ / InputsOfWord(precision_);
  product.out = out_;
  product.panels = static_cast<const float*>(panels_.const_data_ptr());
  product.bias = bias_.const_data_ptr<float>();
  if (scales_.defined()) {
    product.scales = scales_.const_data_ptr<float>();
    product.sums = sums_.const_data_ptr<float>();
  }
  product.after = after_;
  product.residual = residual;
  product.y = y;
  multiply_(product);
}

#else

bool TileProduct::Fits(Instructions, Precision, int64_t, int64_t) { return false; }

TileProduct::TileProduct(Instructions instructions, Precision precision, const Affine& map, Epilogue after)
    : in_(map.weight.size(1)), out_(map.weight.size(0)), precision_(precision), after_(after) {}

void TileProduct::Run(const float*, int64_t, const float*, float*) const {}

#endif

}  // namespace newsgenre
