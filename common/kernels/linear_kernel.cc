#include "common/kernels/linear_kernel.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/json_log.h"
#include "common/device/device.h"
#include "common/device/parallel.h"
#include "common/kernels/int8_product.h"
#include "common/kernels/tile_product.h"
#include "common/kernels/torch_linear.h"

namespace newsgenre {
namespace {

using Kernel = std::shared_ptr<const LinearKernel>;

// A kernel of this project: a TileProduct or an Int8Product.
template <typename Product>
class OwnLinear : public LinearKernel {
 public:
  OwnLinear(InstructionSet instruction_set, Precision precision, Product product)
      : name_(absl::StrCat("own ", InstructionSetName(instruction_set), " ",
                           std::string(PrecisionName(precision)))),
        product_(std::move(product)) {}

  std::string name() const override { return name_; }
  void Run(const float* x, int64_t rows, const float* residual, float* y) const override {
    product_.Run(x, rows, residual, y);
  }

 private:
  const std::string name_;
  const Product product_;
};

template <typename Product>
Kernel MakeOwnLinear(InstructionSet instruction_set, Precision precision, Product product) {
  return std::make_shared<const OwnLinear<Product>>(instruction_set, precision, std::move(product));
}

// Inputs to try a kernel on, and an output for each thread.
struct TrialData {
  TrialData(const LinearMap& map, int64_t rows, int64_t threads)
      : rows(rows),
        out(map.affine.weight.size(0)),
        x(rows * map.affine.weight.size(1), 1.0f),
        residual(rows * out, 1.0f),
        y(threads * rows * out) {}

  void Run(const LinearKernel& kernel, int64_t thread) {
    const c10::InferenceMode inference;
    kernel.Run(x.data(), rows, residual.data(), y.data() + thread * rows * out);
  }

  int64_t rows;
  int64_t out;
  std::vector<float> x, residual, y;
};

}  // namespace

Kernels MakeLinearKernels(const LinearMap& map, Precision precision) {
  const int64_t in = map.affine.weight.size(1), out = map.affine.weight.size(0);
  Kernels kernels;
  const auto add = [&](const std::string& name, const std::function<Kernel()>& make) {
    const absl::Status status = CatchTorch([&] {
      Kernel kernel = make();
      TrialData(map, /*rows=*/2, /*threads=*/1).Run(*kernel, /*thread=*/0);
      kernels.push_back(std::move(kernel));
      return absl::OkStatus();
    });
    if (!status.ok()) {
      Log(Severity::kInfo, "a kernel is left out",
          {{"linear", map.name}, {"kernel", name}, {"reason", std::string(status.message())}});
    }
  };
  if (precision != Precision::kInt8) add("at::linear", [&] { return MakeTorchLinear(map, precision); });
  add("oneDNN", [&] { return MakeOneDnnLinear(map, precision); });
  for (const InstructionSet instruction_set : {InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (!TileProduct::Fits(instruction_set, precision, in, out)) continue;
    add("own", [&] {
      return MakeOwnLinear(instruction_set, precision,
                           TileProduct(instruction_set, precision, map.affine, map.epilogue));
    });
  }
  if (precision == Precision::kInt8 && Int8Product::Fits(in, out) &&
      QuantizedWeight::WeightLimit() <= Int8Product::kWeightLimit) {
    add("own", [&] {
      return MakeOwnLinear(InstructionSet::kAvx2, precision,
                           Int8Product(QuantizedWeight(map.affine), map.epilogue));
    });
  }
  if (kernels.empty()) kernels.push_back(MakeTorchLinear(map, Precision::kFp32));
  return kernels;
}

// Takes the best of a few runs, since other programs slow single runs down. The kernels take turns, since
// other programs can slow down all runs for a while.
std::vector<double> TimeLinearKernels(const Kernels& kernels, const LinearMap& map, int64_t rows) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRuns = 8;
  const int64_t threads = at::get_num_threads();
  const double gflop = 2e-9 * static_cast<double>(threads * rows * map.affine.weight.numel());
  TrialData trial(map, rows, threads);
  std::vector<double> rates(kernels.size(), 0);
  for (int run = 0; run < kRuns; ++run) {
    for (size_t i = 0; i < kernels.size(); ++i) {
      const auto start = Clock::now();
      ParallelFor(threads, 1, [&](int64_t begin, int64_t end) {
        for (int64_t thread = begin; thread < end; ++thread) trial.Run(*kernels[i], thread);
      });
      const std::chrono::duration<double> seconds = Clock::now() - start;
      rates[i] = std::max(rates[i], gflop / seconds.count());
    }
  }
  return rates;
}

TimedKernel ChooseLinearKernel(const LinearMap& map, Precision precision) {
  const Kernels kernels = MakeLinearKernels(map, precision);
  const std::vector<double> small = TimeLinearKernels(kernels, map, kSmallRows);
  const std::vector<double> large = TimeLinearKernels(kernels, map, kLargeRows);
  size_t best = 0;
  for (size_t i = 1; i < kernels.size(); ++i) {
    if (small[i] * large[i] > small[best] * large[best]) best = i;
  }
  return {kernels[best], small[best], large[best]};
}

}  // namespace newsgenre
