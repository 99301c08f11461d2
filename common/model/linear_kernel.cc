#include "common/model/linear_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/json_log.h"
#include "common/model/device.h"
#include "common/model/row_quantizer.h"

namespace newsgenre {
namespace {

using PostOpArguments = c10::List<std::optional<at::Scalar>>;

// The type of an operator that torch declares in no header: `name` as in torch.ops.
template <typename Signature>
c10::TypedOperatorHandle<Signature> Operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

at::Tensor Finish(const at::Tensor& y, After after, const at::Tensor& residual) {
  switch (after) {
    case After::kGelu:
      return at::gelu(y, "none");
    case After::kGeluTanh:
      return at::gelu(y, "tanh");
    case After::kAddResidual:
      return y + residual;
    default:
      return y;
  }
}

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
    return Finish(at::linear(x, weight_, bias_), after_, residual);
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
        weight_(
            Operator<at::Tensor(const at::Tensor&, std::optional<int64_t>)>("mkldnn::_reorder_linear_weight")
                .call(map.affine.weight.to(NetworkType(precision)).contiguous(), kTypicalRows)),
        bias_(map.affine.bias.to(NetworkType(precision))),
        after_(map.after) {}

  std::string name() const override { return name_; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    static const auto unary =
        Operator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                            std::string_view, PostOpArguments, std::optional<std::string_view>)>(
            "mkldnn::_linear_pointwise");
    if (after_ == After::kAddResidual) return RunWithResidual(x, residual);
    const bool has_gelu = after_ != After::kNothing;
    return unary.call(x, weight_, bias_, has_gelu ? "gelu" : "none", PostOpArguments(),
                      after_ == After::kGeluTanh ? "tanh" : "none");
  }

 private:
  // The layout of the blocks depends a little on the rows that it is made for.
  static constexpr int64_t kTypicalRows = 64;

  at::Tensor RunWithResidual(const at::Tensor& x, const at::Tensor& residual) const {
    static const auto binary = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("mkldnn::_linear_pointwise", "binary")
                                   .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                                     const std::optional<at::Tensor>&, std::string_view)>();
    return binary.call(x, residual, weight_, bias_, "add");
  }

  const std::string name_;
  const at::Tensor weight_;
  const at::Tensor bias_;
  const After after_;
};

// oneDNN's integer product of rows that are quantised on the way in (asymmetric: after GELU nearly all values
// are above 0) with weights that were quantised at load, one scale an output.
class Int8Linear : public LinearKernel {
 public:
  explicit Int8Linear(const LinearMap& map) : after_(map.after) {
    const at::Tensor scales = map.affine.weight.abs().amax(/*dim=*/1).clamp_min(1e-12) / 127;
    const at::Tensor weight = (map.affine.weight / scales.unsqueeze(1)).round_().to(at::kChar);
    weight_ = Operator<at::Tensor(at::Tensor, std::optional<c10::List<int64_t>>)>("onednn::qlinear_prepack")
                  .call(weight, std::nullopt);
    weight_scales_ = scales;
    weight_zero_points_ = at::zeros(scales.sizes(), at::kInt);
    columns_ = {weight.sum(/*dim=*/1, /*keepdim=*/false, at::kFloat) * scales, map.affine.bias.contiguous()};
  }

  std::string name() const override { return "oneDNN int8"; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    const QuantizedRows rows = QuantizeRows(x, levels_);
    at::Tensor y = Multiply(rows.values);
    FinishRows(rows, columns_, residual, &y);
    return Finish(y, after_ == After::kAddResidual ? After::kNothing : after_, {});
  }

 private:
  at::Tensor Multiply(const at::Tensor& values) const {
    static const auto product = Operator<at::Tensor(
        at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, std::optional<at::Tensor>, double,
        int64_t, std::optional<c10::ScalarType>, std::string_view, PostOpArguments, std::string_view)>(
        "onednn::qlinear_pointwise");
    return product.call(values, /*x_scale=*/1.0, /*x_zero_point=*/0, weight_, weight_scales_,
                        weight_zero_points_, /*bias=*/std::nullopt, /*output_scale=*/1.0,
                        /*output_zero_point=*/0, at::kFloat, "none", PostOpArguments(), "");
  }

  // Without VNNI a product of 8 bits with 8 bits is added up in 16, which overflow: 7 bits there.
  const int levels_ = at::cpu::is_avx512_vnni_supported() ? 255 : 127;
  const After after_;
  at::Tensor weight_;
  at::Tensor weight_scales_;
  at::Tensor weight_zero_points_;
  ColumnTerms columns_;
};

at::Tensor RunOnce(const LinearKernel& kernel, const LinearMap& map, Precision precision, int64_t rows) {
  const auto options = at::TensorOptions(NetworkType(precision)).device(map.affine.weight.device());
  const at::Tensor x = at::ones({rows, map.affine.weight.size(1)}, options);
  const at::Tensor residual =
      map.after == After::kAddResidual ? at::ones({rows, map.affine.weight.size(0)}, options) : at::Tensor();
  return kernel.Run(x, residual);
}

// The best of a few runs: a machine that is busy slows single runs down.
double GflopsOf(const LinearKernel& kernel, const LinearMap& map, Precision precision, int64_t rows) {
  constexpr int kRuns = 4;
  using Clock = std::chrono::steady_clock;
  RunOnce(kernel, map, precision, rows);
  double seconds = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    RunOnce(kernel, map, precision, rows);
    seconds = std::min(seconds, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return 2e-9 * static_cast<double>(rows * map.affine.weight.numel()) / seconds;
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
      RunOnce(*kernel, map, precision, /*rows=*/2);
      kernels.push_back(std::move(kernel));
      return absl::OkStatus();
    });
    if (!status.ok()) {
      Log(Severity::kInfo, "a kernel is left out",
          {{"linear", map.name}, {"kernel", what}, {"reason", std::string(status.message())}});
    }
  };
  if (precision == Precision::kInt8) {
    add("oneDNN int8", [&] { return std::make_shared<const Int8Linear>(map); });
  } else {
    kernels.push_back(std::make_shared<const PlainLinear>(map, precision));
    if (map.affine.weight.is_cpu()) {
      add("oneDNN packed", [&] { return std::make_shared<const PackedLinear>(map, precision); });
    }
  }
  if (kernels.empty()) kernels.push_back(std::make_shared<const PlainLinear>(map, Precision::kFp32));
  return kernels;
}

TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision) {
  TimedKernel best;
  const bool timed = map.affine.weight.is_cpu();
  for (auto& kernel : MakeLinearKernels(map, precision)) {
    TimedKernel candidate{std::move(kernel)};
    if (timed) {
      candidate.small_gflops = GflopsOf(*candidate.kernel, map, precision, kSmallRows);
      candidate.large_gflops = GflopsOf(*candidate.kernel, map, precision, kLargeRows);
    }
    const auto merit = [](const TimedKernel& k) { return k.small_gflops * k.large_gflops; };
    if (best.kernel == nullptr || merit(candidate) > merit(best)) best = std::move(candidate);
  }
  return best;
}

}  // namespace newsgenre
