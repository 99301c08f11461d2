#include "common/model/fp32_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "common/model/avx2.h"
#include "common/model/avx2_math.h"
#include "common/model/fp32_tile.h"
#include "common/model/parallel.h"

namespace newsgenre {

#if defined(__x86_64__)

namespace {

constexpr int64_t kColumns = Fp32Product::kOutMultiple;
// What is multiplied while it stays in the second-level cache: so many rows, and so many of their inputs.
constexpr int64_t kBlockRows = 144;
constexpr int64_t kBlockInputs = 768;
// A thread's share is worth at least this many products.
constexpr int64_t kGrain = 1 << 20;

// What comes after a panel's columns of `rows` rows; `residual` and `y` have rows of `out` values.
NEWSGENRE_AVX2 void FinishPanel(After after, const float* residual, float* y, int64_t rows, int64_t out) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t at = row * out; at < row * out + kColumns; at += 8) {
      avx2::StoreAfter(_mm256_loadu_ps(y + at), after, residual, y, at);
    }
  }
}

at::Tensor PanelsOf(const at::Tensor& weight) {
  return weight.view({weight.size(0) / kColumns, kColumns, weight.size(1)}).transpose(1, 2).contiguous();
}

}  // namespace

bool Fp32Product::Fits(int64_t out) { return out % kOutMultiple == 0 && HasAvx2(); }

Fp32Product::Fp32Product(const at::Tensor& weight, const at::Tensor& bias, After after)
    : in_(weight.size(1)),
      out_(weight.size(0)),
      bias_(bias.contiguous()),
      after_(after),
      panels_(PanelsOf(weight.contiguous())) {}

at::Tensor Fp32Product::Run(const at::Tensor& x, const at::Tensor& residual) const {
  const int64_t count = x.size(0);
  const at::Tensor y = at::empty({count, out_}, x.options());
  const float* in = x.const_data_ptr<float>();
  const float* panels = panels_.const_data_ptr<float>();
  const float* bias = bias_.const_data_ptr<float>();
  const float* added = after_ == After::kAddResidual ? residual.const_data_ptr<float>() : nullptr;
  float* results = y.mutable_data_ptr<float>();

  const auto multiply = [&](int64_t row, int64_t input, int64_t panel) {
    const int64_t column = panel * kColumns, at = row * out_ + column;
    const int64_t rows = std::min(kBlockRows, count - row), inputs = std::min(kBlockInputs, in_ - input);
    // Later inputs add to the sums of the earlier ones.
    const float* start = input == 0 ? bias + column : results + at;
    avx2::MultiplyTiles<kColumns / 8>({in + row * in_ + input, in_, panels + column * in_ + input * kColumns,
                                       kColumns, inputs, start, input == 0 ? 0 : out_, results + at, out_},
                                      rows);
    if (after_ == After::kNothing || input + inputs < in_) return;
    FinishPanel(after_, added == nullptr ? nullptr : added + at, results + at, rows, out_);
  };
  const int64_t grain = std::max<int64_t>(1, kGrain / (std::max<int64_t>(count, 1) * in_ * kColumns));
  ParallelFor(out_ / kColumns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < count; row += kBlockRows) {
      for (int64_t input = 0; input < in_; input += kBlockInputs) {
        for (int64_t panel = begin; panel < end; ++panel) multiply(row, input, panel);
      }
    }
  });
  return y;
}

#else

bool Fp32Product::Fits(int64_t) { return false; }

Fp32Product::Fp32Product(const at::Tensor& weight, const at::Tensor& bias, After after)
    : in_(weight.size(1)), out_(weight.size(0)), bias_(bias), after_(after) {}

at::Tensor Fp32Product::Run(const at::Tensor&, const at::Tensor&) const { return {}; }

#endif

}  // namespace newsgenre
