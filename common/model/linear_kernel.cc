#include "common/model/linear_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/json_log.h"
#include "common/model/device.h"
#include "common/model/fp32_product.h"
#include "common/model/int8_linear.h"
#include "common/model/torch_operator.h"

namespace newsgenre {
namespace {

// What torch takes by itself; on a GPU cuBLAS.
class PlainLinear : public LinearKernel {
 public:
  PlainLinear(const LinearMap& map, Precision precision)
      : name_("at::linear " + std::string(PrecisionName(precision))),
        weight_(map.affine.weight.to(NetworkType(precision)).contiguous()),
        bias_(map.affine.bias.to(NetworkType(precision))),
        after_(map.after) {}

  std::string name() const override { return name_; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    const at::Tensor y = at::linear(x, weight_, bias_);
    return after_ == After::kAddResidual ? y + residual : Activate(y, after_);
  }

 private:
  const std::string name_;
  const at::Tensor weight_;
  const at::Tensor bias_;
  const After after_;
};

// oneDNN with its weights in blocks, and GELU or the residual while a block of the product is in the cache.
class PackedLinear : public LinearKernel {
 public:
  PackedLinear(const LinearMap& map, Precision precision)
      : name_("oneDNN packed " + std::string(PrecisionName(precision))),
        // The layout of the blocks depends a little on the rows that it is made for.
        weight_(TorchOperator<at::Tensor(const at::Tensor&, std::optional<int64_t>)>(
                    "mkldnn::_reorder_linear_weight")
                    .call(map.affine.weight.to(NetworkType(precision)).contiguous(), kSmallRows)),
        bias_(map.affine.bias.to(NetworkType(precision))),
        after_(map.after) {}

  std::string name() const override { return name_; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    static const auto unary =
        TorchOperator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                 std::string_view, PostOpArguments, std::optional<std::string_view>)>(
            "mkldnn::_linear_pointwise");
    if (after_ == After::kAddResidual) return RunWithResidual(x, residual);
    const bool has_gelu = after_ != After::kNothing;
    return unary.call(x, weight_, bias_, has_gelu ? "gelu" : "none", PostOpArguments(),
                      after_ == After::kGeluTanh ? "tanh" : "none");
  }

 private:
  at::Tensor RunWithResidual(const at::Tensor& x, const at::Tensor& residual) const {
    static const auto binary =
        TorchOperator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                 const std::optional<at::Tensor>&, std::string_view)>(
            "mkldnn::_linear_pointwise", "binary");
    return binary.call(x, residual, weight_, bias_, "add");
  }

  const std::string name_;
  const at::Tensor weight_;
  const at::Tensor bias_;
  const After after_;
};

// Our own product, for processors with AVX2 and no AVX-512.
class OwnLinear : public LinearKernel {
 public:
  explicit OwnLinear(const LinearMap& map) : product_(map.affine.weight, map.affine.bias, map.after) {}

  std::string name() const override { return "own fp32"; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    return product_.Run(x, residual);
  }

 private:
  const Fp32Product product_;
};

// What a timing runs a map on.
struct TrialInput {
  TrialInput(const LinearMap& map, Precision precision, int64_t rows) {
    const auto options = at::TensorOptions(NetworkType(precision)).device(map.affine.weight.device());
    x = at::ones({rows, map.affine.weight.size(1)}, options);
    if (map.after == After::kAddResidual) residual = at::ones({rows, map.affine.weight.size(0)}, options);
  }
  at::Tensor x;
  at::Tensor residual;
};

double SecondsOf(const LinearKernel& kernel, const TrialInput& input) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  kernel.Run(input.x, input.residual);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// For each kernel its rate, by the best of a few runs, in turn: what else the machine does slows single runs
// down, and for a while all.
std::vector<double> GflopsOf(const std::vector<std::shared_ptr<const LinearKernel>>& kernels,
                             const LinearMap& map, Precision precision, int64_t rows) {
  constexpr int kRuns = 8;
  const double gflop = 2e-9 * static_cast<double>(rows * map.affine.weight.numel());
  const TrialInput input(map, precision, rows);
  std::vector<double> rates(kernels.size(), 0);
  for (int run = 0; run < kRuns; ++run) {
    for (size_t i = 0; i < kernels.size(); ++i) {
      rates[i] = std::max(rates[i], gflop / SecondsOf(*kernels[i], input));
    }
  }
  return rates;
}

}  // namespace

at::ScalarType NetworkType(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

std::vector<std::shared_ptr<const LinearKernel>> MakeLinearKernels(const LinearMap& map,
                                                                   Precision precision) {
  std::vector<std::shared_ptr<const LinearKernel>> kernels;
  const auto add = [&](const std::string& what, const auto& make) {
    const absl::Status status = CatchTorch([&] {
      std::shared_ptr<const LinearKernel> kernel = make();
      const TrialInput input(map, precision, /*rows=*/2);
      kernel->Run(input.x, input.residual);
      kernels.push_back(std::move(kernel));
      return absl::OkStatus();
    });
    if (!status.ok()) {
      Log(Severity::kInfo, "a kernel is left out",
          {{"linear", map.name}, {"kernel", what}, {"reason", std::string(status.message())}});
    }
  };
  if (precision == Precision::kInt8) {
    add("oneDNN int8", [&] { return MakeOneDnnInt8Linear(map); });
    if (HasOwnInt8Linear(map)) add("own int8", [&] { return MakeOwnInt8Linear(map); });
  } else {
    kernels.push_back(std::make_shared<const PlainLinear>(map, precision));
    if (map.affine.weight.is_cpu()) {
      add("oneDNN packed", [&] { return std::make_shared<const PackedLinear>(map, precision); });
    }
    if (map.affine.weight.is_cpu() && precision == Precision::kFp32 &&
        Fp32Product::Fits(map.affine.weight.size(0))) {
      add("own fp32", [&] { return std::make_shared<const OwnLinear>(map); });
    }
  }
  if (kernels.empty()) kernels.push_back(std::make_shared<const PlainLinear>(map, Precision::kFp32));
  return kernels;
}

TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision) {
  const auto kernels = MakeLinearKernels(map, precision);
  if (!map.affine.weight.is_cpu()) return {kernels.front()};
  const std::vector<double> small = GflopsOf(kernels, map, precision, kSmallRows);
  const std::vector<double> large = GflopsOf(kernels, map, precision, kLargeRows);
  size_t best = 0;
  for (size_t i = 1; i < kernels.size(); ++i) {
    if (small[i] * large[i] > small[best] * large[best]) best = i;
  }
  return {kernels[best], small[best], large[best]};
}

}  // namespace newsgenre
