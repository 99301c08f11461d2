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

// A product of our own.
template <typename Product>
class OwnLinear : public LinearKernel {
 public:
  OwnLinear(Instructions instructions, Precision precision, Product product)
      : name_(absl::StrCat("own ", NameOf(instructions), " ", std::string(PrecisionName(precision)))),
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
Kernel MakeOwnLinear(Instructions instructions, Precision precision, Product product) {
  return std::make_shared<const OwnLinear<Product>>(instructions, precision, std::move(product));
}

// What a kernel is tried on: each thread's results have a place of their own.
struct Trial {
  Trial(const LinearMap& map, int64_t rows, int64_t threads)
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
  const auto add = [&](const std::string& what, const std::function<Kernel()>& make) {
    const absl::Status status = CatchTorch([&] {
      Kernel kernel = make();
      Trial(map, /*rows=*/2, /*threads=*/1).Run(*kernel, /*thread=*/0);
      kernels.push_back(std::move(kernel));
      return absl::OkStatus();
    });
    if (!status.ok()) {
      Log(Severity::kInfo, "a kernel is left out",
          {{"linear", map.name}, {"kernel", what}, {"reason", std::string(status.message())}});
    }
  };
  if (precision != Precision::kInt8) add("at::linear", [&] { return MakePlainLinear(map, precision); });
  add("oneDNN", [&] { return MakeOneDnnLinear(map, precision); });
  for (const Instructions instructions : {Instructions::kAvx2, Instructions::kAvx512}) {
    if (!TileProduct::Fits(instructions, precision, in, out)) continue;
    add("own", [&] {
      return MakeOwnLinear(instructions, precision,
                           TileProduct(instructions, precision, map.affine, map.after));
    });
  }
  if (precision == Precision::kInt8 && Int8Product::Fits(in, out) &&
      QuantizedWeight::WeightLimit() <= Int8Product::kWeightLimit) {
    add("own", [&] {
      return MakeOwnLinear(Instructions::kAvx2, precision,
                           Int8Product(QuantizedWeight(map.affine), map.after));
    });
  }
  if (kernels.empty()) kernels.push_back(MakePlainLinear(map, Precision::kFp32));
  return kernels;
}

// By the best of a few runs, in turn: what else the machine does slows single runs down, and for a while all.
std::vector<double> TimeLinearKernels(const Kernels& kernels, const LinearMap& map, int64_t rows) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRuns = 8;
  const int64_t threads = at::get_num_threads();
  const double gflop = 2e-9 * static_cast<double>(threads * rows * map.affine.weight.numel());
  Trial trial(map, rows, threads);
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
