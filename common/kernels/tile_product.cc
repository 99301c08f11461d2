#include "common/kernels/tile_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>

#include "common/kernels/quantized_weight.h"
#include "common/simd/math.h"
#include "common/simd/row_quantizer.h"
#include "common/simd/select_kernel.h"
#include "common/simd/thread_buffer.h"
#include "common/simd/tile.h"

namespace newsgenre {

// The number of words of each column of a panel that stay in the second-level cache while all rows are
// multiplied by them.
inline constexpr int64_t kBlockWords = 768;

// The rows in a kernel's input format.
struct InputWords {
  const float* words;             // [rows, words]
  const float* scales = nullptr;  // int8: see QuantizedRows
  const float* offsets = nullptr;
};

struct TileProductArgs {
  InputWords x;
  int64_t rows;
  int64_t words;  // per row
  int64_t out;
  const float* panels;
  const float* bias;
  const float* scales;  // int8 only
  const float* sums;    // int8 only
  Epilogue epilogue;
  const float* residual;  // null if there is none
  float* y;
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/tile_product.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

struct TileKernel {
  void (*multiply)(const TileProductArgs&);
  int64_t lanes;  // values in a vector
  int64_t panel_columns;
};

// Returns nullopt if the processor lacks the instruction set or the set has no kernel for the precision.
std::optional<TileKernel> SelectKernel([[maybe_unused]] InstructionSet instruction_set,
                                       [[maybe_unused]] Precision precision) {
#if defined(__x86_64__)
  if (!CpuSupports(instruction_set)) return std::nullopt;
  if (instruction_set == InstructionSet::kAvx2) {
    if (precision != Precision::kFp32) return std::nullopt;
    return TileKernel{avx2::MultiplyPackedPanels<avx2::Fp32Format>, avx2::kLanes,
                      avx2::kTileVectors * avx2::kLanes};
  }
  constexpr int64_t kColumns = avx512::kTileVectors * avx512::kLanes;
  switch (precision) {
    case Precision::kFp32:
      return TileKernel{avx512::MultiplyPackedPanels<avx512::Fp32Format>, avx512::kLanes, kColumns};
    case Precision::kBf16:
      return TileKernel{avx512::MultiplyPackedPanels<avx512::Bf16Format>, avx512::kLanes, kColumns};
    case Precision::kInt8:
      return TileKernel{avx512::MultiplyPackedPanels<avx512::Int8Format>, avx512::kLanes, kColumns};
    default:
      return std::nullopt;
  }
#else
  return std::nullopt;
#endif
}

int64_t InputsPerWord(Precision precision) {
  switch (precision) {
    case Precision::kInt8:
      return 4;
    case Precision::kBf16:
      return 2;
    default:
      return 1;
  }
}

// Packs `weight`, [out, in] of the type that words consist of, into panels of `panel_columns` columns.
at::Tensor PackPanels(const at::Tensor& weight, int64_t inputs_per_word, int64_t panel_columns) {
  const int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor panels = at::empty({out * in}, weight.options());
  for (int64_t column = 0; column < out; column += panel_columns) {
    const int64_t columns = std::min(panel_columns, out - column);
    panels.narrow(0, column * in, columns * in)
        .view({in / inputs_per_word, columns, inputs_per_word})
        .copy_(weight.narrow(0, column, columns).view({columns, -1, inputs_per_word}).transpose(0, 1));
  }
  return panels;
}

// Converts `x`, [rows, in]. The result is in memory of the calling thread, valid until its next call.
InputWords ToWords(const float* x, int64_t rows, int64_t in, Precision precision) {
  if (precision == Precision::kInt8) {
    const QuantizedRows quantized = QuantizeRows(x, rows, in, QuantizedWeight::RowLevels());
    return {reinterpret_cast<const float*>(quantized.values), quantized.scales, quantized.offsets};
  }
  if (precision == Precision::kFp32) return {x};
  float* const words = ThreadBuffer<InputWords, float>(rows * in / 2);
  void (*const round_to_bf16)(const float*, int64_t, Bf16*) =
      NEWSGENRE_SELECT_KERNEL(RoundToBf16, kAnyWidth, nullptr);
  round_to_bf16(x, rows * in, reinterpret_cast<Bf16*>(words));
  return {words};
}

}  // namespace

bool TileProduct::Fits(InstructionSet instruction_set, Precision precision, int64_t in, int64_t out) {
  const std::optional<TileKernel> kernel = SelectKernel(instruction_set, precision);
  const bool sums_fit = precision != Precision::kInt8 || in <= QuantizedWeight::kMaxInputs;
  return kernel && sums_fit && in % InputsPerWord(precision) == 0 && out % kernel->lanes == 0;
}

TileProduct::TileProduct(InstructionSet instruction_set, Precision precision, const Affine& map,
                         Epilogue epilogue)
    : in_(map.weight.size(1)),
      out_(map.weight.size(0)),
      precision_(precision),
      epilogue_(epilogue),
      bias_(map.bias.contiguous()) {
  at::Tensor weight = map.weight;
  if (precision == Precision::kBf16) weight = weight.to(at::kBFloat16);
  if (precision == Precision::kInt8) {
    const QuantizedWeight quantized(map);
    weight = quantized.values;
    scales_ = quantized.scales;
    sums_ = quantized.sums;
  }
  const TileKernel kernel = *SelectKernel(instruction_set, precision);
  panels_ = PackPanels(weight.contiguous(), InputsPerWord(precision), kernel.panel_columns);
  multiply_ = kernel.multiply;
}

void TileProduct::Run(const float* x, int64_t rows, const float* residual, float* y) const {
  TileProductArgs args{};
  args.x = ToWords(x, rows, in_, precision_);
  args.rows = rows;
  args.words = in_ / InputsPerWord(precision_);
  args.out = out_;
  args.panels = static_cast<const float*>(panels_.const_data_ptr());
  args.bias = bias_.const_data_ptr<float>();
  if (scales_.defined()) {
    args.scales = scales_.const_data_ptr<float>();
    args.sums = sums_.const_data_ptr<float>();
  }
  args.epilogue = epilogue_;
  args.residual = residual;
  args.y = y;
  multiply_(args);
}

}  // namespace newsgenre
