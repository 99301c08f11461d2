#include "common/kernels/int8_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "common/simd/instruction_set.h"
#include "common/simd/math.h"
#include "common/simd/row_quantizer.h"

namespace newsgenre {

// A panel holds the weights of kPanelColumns columns, and the last panel those of the remaining columns. Its
// layout is [steps of kStep inputs, groups of 8 columns, kStep / 4, 8 columns, 4 inputs]: vpmaddubsw
// multiplies one vector of 8 columns by 4 inputs.
inline constexpr int64_t kPanelColumns = 32;
inline constexpr int64_t kStep = Int8Product::kInMultiple;
// The number of a panel's inputs that stay in the first-level cache while all rows are multiplied by them.
inline constexpr int64_t kBlockInputs = 768;

// The product of all rows with a block of a panel. Pointers are to the first row, the block's first input and
// the panel's first column.
struct Int8Block {
  const uint8_t* values;
  int64_t in;
  const int8_t* panel;
  int64_t inputs;
  bool is_first;  // whether it has the first inputs; later blocks add to the int32 sums in y
  bool is_last;   // whether it has the last inputs; then y receives the fp32 results
  const float* row_scales;
  const float* row_offsets;
  const float* scales;
  const float* sums;
  const float* bias;
  const float* residual;  // null if there is none
  Epilogue epilogue;
  float* y;
  int64_t out;
};

using Int8Kernel = void (*)(const Int8Block&, int64_t rows);

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/int8_product.inc"
#define NEWSGENRE_SIMD_AVX2_ONLY
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

Int8Kernel SelectKernel([[maybe_unused]] int64_t columns, [[maybe_unused]] bool four_sums) {
#if defined(__x86_64__)
  return four_sums ? avx2::SelectInt8Kernel<4>(columns) : avx2::SelectInt8Kernel<2>(columns);
#else
  return nullptr;
#endif
}

// Returns the block at `column` and `input` of the product whose first block is `block`. The panel at
// `column` has `columns` columns.
Int8Block BlockAt(Int8Block block, int64_t column, int64_t input, int64_t columns) {
  block.values += input;
  block.panel += column * block.in + input * columns;
  block.inputs = std::min(kBlockInputs, block.in - input);
  block.is_first = input == 0;
  block.is_last = input + block.inputs == block.in;
  block.scales += column;
  block.sums += column;
  block.bias += column;
  if (block.residual != nullptr) block.residual += column;
  block.y += column;
  return block;
}

// Returns whether four 16-bit sums of two products each can always be added in 16 bits without overflow.
bool FourSumsFit(const at::Tensor& weight) {
  // [columns, steps, groups of 4 inputs, pairs, 2]
  const at::Tensor parts = weight.view({weight.size(0), -1, kStep / 4, 2, 2}).to(at::kInt);
  const int64_t max = parts.clamp_min(0).sum({2, 4}).max().item<int64_t>();
  const int64_t min = parts.clamp_max(0).sum({2, 4}).min().item<int64_t>();
  return std::max(max, -min) * Int8Product::kLevels <= std::numeric_limits<int16_t>::max();
}

// Packs [columns, in] as [steps, groups of 8 columns, groups of 4 inputs, 8, 4].
at::Tensor PackPanel(const at::Tensor& weight) {
  return weight.view({weight.size(0) / 8, 8, weight.size(1) / kStep, kStep / 4, 4})
      .permute({2, 0, 3, 1, 4})
      .reshape({-1});
}

}  // namespace

bool Int8Product::Fits(int64_t in, int64_t out) {
  return in % kInMultiple == 0 && in <= QuantizedWeight::kMaxInputs && out % kOutMultiple == 0 &&
         CpuSupports(InstructionSet::kAvx2);
}

Int8Product::Int8Product(const QuantizedWeight& weight, Epilogue epilogue)
    : in_(weight.values.size(1)),
      out_(weight.values.size(0)),
      weight_(weight),
      epilogue_(epilogue),
      panels_(at::empty({in_ * out_}, at::TensorOptions(at::kChar))) {
  for (int64_t first = 0; first < out_; first += kPanelColumns) {
    const at::Tensor part =
        weight.values.narrow(0, first, std::min(kPanelColumns, out_ - first)).contiguous();
    panels_.narrow(0, first * in_, part.numel()).copy_(PackPanel(part));
    four_sums_.push_back(FourSumsFit(part));
  }
  weight_.values = at::Tensor();  // panels_ has them now
}

void Int8Product::Run(const float* x, int64_t rows, const float* residual, float* y) const {
  const QuantizedRows quantized = QuantizeRows(x, rows, in_, kLevels);
  Int8Block first{};
  first.values = quantized.values;
  first.in = in_;
  first.panel = panels_.const_data_ptr<int8_t>();
  first.row_scales = quantized.scales;
  first.row_offsets = quantized.offsets;
  first.scales = weight_.scales.const_data_ptr<float>();
  first.sums = weight_.sums.const_data_ptr<float>();
  first.bias = weight_.bias.const_data_ptr<float>();
  first.residual = residual;
  first.epilogue = epilogue_;
  first.y = y;
  first.out = out_;
  for (size_t panel = 0; panel < four_sums_.size(); ++panel) {
    const int64_t column = static_cast<int64_t>(panel) * kPanelColumns;
    const int64_t columns = std::min(kPanelColumns, out_ - column);
    const Int8Kernel multiply_rows = SelectKernel(columns, four_sums_[panel]);
    for (int64_t input = 0; input < in_; input += kBlockInputs) {
      multiply_rows(BlockAt(first, column, input, columns), rows);
    }
  }
}

}  // namespace newsgenre
