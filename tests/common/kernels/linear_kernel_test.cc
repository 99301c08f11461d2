#include "common/kernels/linear_kernel.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <utility>

#include "common/kernels/torch_linear.h"
#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

LinearMap RandomMap(int64_t in, int64_t out, Epilogue epilogue) {
  return {"map", {at::randn({out, in}) / std::sqrt(static_cast<double>(in)), at::randn({out})}, epilogue};
}

at::Tensor Expected(const LinearMap& map, const at::Tensor& x, const at::Tensor& residual) {
  return ApplyEpilogue(at::linear(x, map.affine.weight, map.affine.bias), map.epilogue, residual);
}

at::Tensor Apply(const LinearKernel& kernel, const at::Tensor& x, const at::Tensor& residual) {
  const at::Tensor y = at::empty_like(residual);
  kernel.Run(x.const_data_ptr<float>(), x.size(0), residual.const_data_ptr<float>(),
             y.mutable_data_ptr<float>());
  return y;
}

TEST(LinearKernelTest, EveryKernelAgreesWithAtLinear) {
  at::manual_seed(1);
  const c10::InferenceMode inference;
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{24, 40}, {128, 384}, {100, 7}, {33, 65}}) {
    for (const Epilogue epilogue :
         {Epilogue::kNothing, Epilogue::kGelu, Epilogue::kGeluTanh, Epilogue::kAddResidual}) {
      const LinearMap map = RandomMap(in, out, epilogue);
      for (const Precision precision : kCpuPrecisions) {
        for (const auto& kernel : MakeLinearKernels(map, precision)) {
          for (const int64_t rows : {1, 2, 57, 130}) {
            const at::Tensor x = at::randn({rows, in}), residual = at::randn({rows, out});
            const at::Tensor y = Apply(*kernel, x, residual);
            EXPECT_LT(MaxDifference(y, Expected(map, x, residual)), 4 * MaxError(precision))
                << kernel->name() << " " << in << " to " << out << ", rows " << rows;
          }
        }
      }
    }
  }
}

TEST(LinearKernelTest, ARowDoesNotDependOnTheOtherRows) {
  at::manual_seed(2);
  const c10::InferenceMode inference;
  const LinearMap map = RandomMap(128, 64, Epilogue::kGelu);
  const at::Tensor x = at::randn({70, 128});
  const at::Tensor next_to_large = at::cat({x.narrow(0, 0, 1), 1000 * x.narrow(0, 1, 69)});
  for (const Precision precision : kCpuPrecisions) {
    for (const auto& kernel : MakeLinearKernels(map, precision)) {
      const auto first = [&](const at::Tensor& rows) {
        return Apply(*kernel, rows, at::empty({rows.size(0), 64})).narrow(0, 0, 1);
      };
      const double tolerance = precision == Precision::kBf16 ? 0.02 : 1e-5;
      EXPECT_LT(MaxDifference(first(x), first(next_to_large)), tolerance) << kernel->name();
      EXPECT_LT(MaxDifference(first(x), first(x.narrow(0, 0, 1))), tolerance) << kernel->name();
    }
  }
}

TEST(LinearKernelTest, ChooseLinearKernelReturnsAKernelAndItsRates) {
  const c10::InferenceMode inference;
  const TimedKernel chosen = ChooseLinearKernel(RandomMap(64, 64, Epilogue::kNothing), Precision::kFp32);
  ASSERT_NE(chosen.kernel, nullptr);
  EXPECT_GT(chosen.small_gflops, 0);
  EXPECT_GT(chosen.large_gflops, 0);
}

}  // namespace
}  // namespace newsgenre
