#include "common/kernels/product_rate.h"

#include <ATen/Parallel.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "common/kernels/linear_kernel.h"

namespace newsgenre {
namespace {

constexpr int64_t kIn = 768, kOut = 3072;
constexpr int64_t kGpuRows = 8192;
// A run consists of many products, since launching one on a GPU takes a while.
constexpr int kGpuRuns = 5, kGpuProducts = 50;

// Uses at::linear, which calls cuBLAS.
double GpuTeraflops(c10::Device device, const Affine& map, c10::ScalarType type) {
  using Clock = std::chrono::steady_clock;
  const c10::impl::VirtualGuardImpl guard(device.type());
  const at::Tensor weight = map.weight.to(device, type), bias = map.bias.to(device, type);
  const at::Tensor x = at::randn({kGpuRows, kIn}).to(device, type);
  double best = 0;
  // The first run is a warm-up.
  for (int run = 0; run <= kGpuRuns; ++run) {
    const auto start = Clock::now();
    for (int i = 0; i < kGpuProducts; ++i) at::linear(x, weight, bias);
    guard.synchronizeDevice(device.index());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (run > 0) best = std::max(best, 2e-12 * kGpuRows * kIn * kOut * kGpuProducts / seconds);
  }
  return best;
}

double CpuTeraflops(const Affine& affine, Precision precision) {
  const LinearMap map{"product", affine};
  const std::vector<double> gflops = TimeLinearKernels(MakeLinearKernels(map, precision), map, kLargeRows);
  return *std::max_element(gflops.begin(), gflops.end()) / 1e3;
}

}  // namespace

absl::StatusOr<double> ProductTeraflops(const std::string& name, Precision precision) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(name));
  double best = 0;
  RETURN_IF_ERROR(CatchTorch([&] {
    const c10::InferenceMode inference;
    const Affine map{at::randn({kOut, kIn}), at::zeros({kOut}, at::kFloat)};
    best = device.is_cuda() ? GpuTeraflops(device, map, TypeOnGpu(precision)) : CpuTeraflops(map, precision);
    return absl::OkStatus();
  }));
  return best;
}

}  // namespace newsgenre
