#include "common/kernels/int8_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "common/simd/math.h"
#include "common/simd/row_quantizer.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

// A panel holds the weights of so many columns: for each kStep inputs, for each 8 columns, kStep / 4 vectors,
// each of which has 4 inputs of 8 columns: those of vpmaddubsw. The last panel may have fewer columns.
constexpr int64_t kPanelColumns = 32;
constexpr int64_t kStep = Int8Product::kInMultiple;
// So many inputs of a panel stay in the first-level cache while all rows pass.
constexpr int64_t kBlockInputs = 768;

// Where rows meet a block of a panel: all at the first row, the block's first input and the panel's first
// column.
struct Block {
  const uint8_t* values;
  int64_t in;
  const int8_t* panel;
  int64_t inputs;
  bool first;  // of the inputs' blocks; later ones add to y, which has the sums so far as integers
  bool last;   // then y gets its values
  const float* row_scales;
  const float* row_offsets;
  const float* scales;
  const float* sums;
  const float* bias;
  const float* residual;  // may be null
  Epilogue after;
  float* y;
  int64_t out;
};

NEWSGENRE_AVX2 inline __m256i FourValues(const uint8_t* values) {
  int32_t four;
  std::memcpy(&four, values, sizeof(four));
  return _mm256_set1_epi32(four);
}

// 8 columns of kStep inputs: kDepth vectors add up in 16 bits before they do in 32.
template <int64_t kDepth>
NEWSGENRE_AVX2 inline __m256i AddStep(__m256i sums, const __m256i* values, const __m256i* weights) {
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 2
  for (int64_t i = 0; i < kStep / 4; i += kDepth) {
    __m256i pairs = _mm256_maddubs_epi16(values[i], _mm256_loadu_si256(weights + i));
#pragma GCC unroll 4
    for (int64_t j = i + 1; j < i + kDepth; ++j) {
      pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(values[j], _mm256_loadu_si256(weights + j)));
    }
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, ones));
  }
  return sums;
}

NEWSGENRE_AVX2 inline void Finish(__m256i sums, const Block& block, int64_t row, int64_t column) {
  const __m256 row_offset = _mm256_set1_ps(block.row_offsets[row]);
  const __m256 row_scale = _mm256_set1_ps(block.row_scales[row]);
  const __m256 constant =
      _mm256_fmadd_ps(row_offset, _mm256_loadu_ps(block.sums + column), _mm256_loadu_ps(block.bias + column));
  const __m256 scale = _mm256_mul_ps(row_scale, _mm256_loadu_ps(block.scales + column));
  const int64_t at = row * block.out + column;
  const __m256 value = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(sums), constant);
  const float* const residual = block.residual == nullptr ? nullptr : block.residual + at;
  _mm256_storeu_ps(block.y + at, avx2::ApplyEpilogue(value, block.after, residual));
}

// One row and kVectors · 8 columns.
template <int64_t kVectors, int64_t kDepth>
NEWSGENRE_AVX2 inline void MultiplyRow(const Block& block, int64_t row) {
  auto* y = reinterpret_cast<__m256i*>(block.y + row * block.out);
  __m256i sums[kVectors];
#pragma GCC unroll 4
  for (int64_t v = 0; v < kVectors; ++v) {
    sums[v] = block.first ? _mm256_setzero_si256() : _mm256_loadu_si256(y + v);
  }
  const uint8_t* x = block.values + row * block.in;
  const auto* panel = reinterpret_cast<const __m256i*>(block.panel);
  for (const uint8_t* const end = x + block.inputs; x < end; x += kStep, panel += kVectors * kStep / 4) {
    __m256i values[kStep / 4];
#pragma GCC unroll 4
    for (int64_t j = 0; j < kStep / 4; ++j) values[j] = FourValues(x + 4 * j);
#pragma GCC unroll 4
    for (int64_t v = 0; v < kVectors; ++v) {
      sums[v] = AddStep<kDepth>(sums[v], values, panel + v * kStep / 4);
    }
  }
#pragma GCC unroll 4
  for (int64_t v = 0; v < kVectors; ++v) {
    if (block.last) {
      Finish(sums[v], block, row, 8 * v);
    } else {
      _mm256_storeu_si256(y + v, sums[v]);
    }
  }
}

template <int64_t kVectors, int64_t kDepth>
NEWSGENRE_AVX2 void MultiplyRows(const Block& block, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) MultiplyRow<kVectors, kDepth>(block, row);
}

using BlockFunction = void (*)(const Block&, int64_t rows);

// For a panel of so many columns.
template <int64_t kDepth>
BlockFunction FunctionFor(int64_t columns) {
  switch (columns) {
    case 8:
      return MultiplyRows<1, kDepth>;
    case 16:
      return MultiplyRows<2, kDepth>;
    case 24:
      return MultiplyRows<3, kDepth>;
    default:
      return MultiplyRows<4, kDepth>;
  }
}

// Of a product, whose first block is `block`, the one at this column and input; its panel has `columns`.
Block At(Block block, int64_t column, int64_t input, int64_t columns) {
  block.values += input;
  block.panel += column * block.in + input * columns;
  block.inputs = std::min(kBlockInputs, block.in - input);
  block.first = input == 0;
  block.last = input + block.inputs == block.in;
  block.scales += column;
  block.sums += column;
  block.bias += column;
  if (block.residual != nullptr) block.residual += column;
  block.y += column;
  return block;
}

// Whether no sum of the 8 products that meet in 16 bits, two of each of four vectors, can leave them.
bool FourSumsFit(const at::Tensor& weight) {
  // [columns, steps, fours, pairs, 2]
  const at::Tensor parts = weight.view({weight.size(0), -1, kStep / 4, 2, 2}).to(at::kInt);
  const int64_t most = parts.clamp_min(0).sum({2, 4}).max().item<int64_t>();
  const int64_t least = parts.clamp_max(0).sum({2, 4}).min().item<int64_t>();
  return std::max(most, -least) * Int8Product::kLevels <= std::numeric_limits<int16_t>::max();
}

// [columns, in] to [steps, eights of columns, fours of inputs, 8, 4]
at::Tensor PanelOf(const at::Tensor& weight) {
  return weight.view({weight.size(0) / 8, 8, weight.size(1) / kStep, kStep / 4, 4})
      .permute({2, 0, 3, 1, 4})
      .reshape({-1});
}

}  // namespace

bool Int8Product::Fits(int64_t in, int64_t out) {
  return in % kInMultiple == 0 && in <= QuantizedWeight::kMostInputs && out % kOutMultiple == 0 && HasAvx2();
}

Int8Product::Int8Product(const QuantizedWeight& weight, Epilogue after)
    : in_(weight.values.size(1)),
      out_(weight.values.size(0)),
      weight_(weight),
      after_(after),
      panels_(at::empty({in_ * out_}, at::TensorOptions(at::kChar))) {
  for (int64_t first = 0; first < out_; first += kPanelColumns) {
    const at::Tensor part =
        weight.values.narrow(0, first, std::min(kPanelColumns, out_ - first)).contiguous();
    panels_.narrow(0, first * in_, part.numel()).copy_(PanelOf(part));
    four_sums_.push_back(FourSumsFit(part));
  }
  weight_.values = at::Tensor();  // in panels now
}

void Int8Product::Run(const float* x, int64_t rows, const float* residual, float* y) const {
  const QuantizedRows quantized = QuantizeRows(x, rows, in_, kLevels);
  const Block first{quantized.values,
                    in_,
                    panels_.const_data_ptr<int8_t>(),
                    /*inputs=*/0,
                    /*first=*/true,
                    /*last=*/false,
                    quantized.scales,
                    quantized.offsets,
                    weight_.scales.const_data_ptr<float>(),
                    weight_.sums.const_data_ptr<float>(),
                    weight_.bias.const_data_ptr<float>(),
                    residual,
                    after_,
                    y,
                    out_};
  for (size_t panel = 0; panel < four_sums_.size(); ++panel) {
    const int64_t column = static_cast<int64_t>(panel) * kPanelColumns;
    const int64_t columns = std::min(kPanelColumns, out_ - column);
    const BlockFunction run = four_sums_[panel] ? FunctionFor<4>(columns) : FunctionFor<2>(columns);
    for (int64_t input = 0; input < in_; input += kBlockInputs) {
      run(At(first, column, input, columns), rows);
    }
  }
}

#else

bool Int8Product::Fits(int64_t, int64_t) { return false; }

Int8Product::Int8Product(const QuantizedWeight& weight, Epilogue after)
    : in_(weight.values.size(1)), out_(weight.values.size(0)), weight_(weight), after_(after) {}

void Int8Product::Run(const float*, int64_t, const float*, float*) const {}

#endif

}  // namespace newsgenre
