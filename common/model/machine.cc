#include "common/model/machine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/cuda_device.h"
#include "common/model/device.h"
#include "common/model/linear_kernel.h"

namespace newsgenre {
namespace {

constexpr int64_t kIn = 768, kOut = 3072;
constexpr int64_t kCpuRows = 512, kGpuRows = 8192;
constexpr int kRuns = 5;
// A run of so many products: starting one takes a while on a GPU.
constexpr int kCpuProducts = 1, kGpuProducts = 50;

// As Linux names it.
std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (absl::StartsWith(line, "model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

double SecondsOfAProduct(const LinearKernel& kernel, const at::Tensor& x) {
  using Clock = std::chrono::steady_clock;
  const c10::impl::VirtualGuardImpl device(x.device().type());
  const int products = x.is_cuda() ? kGpuProducts : kCpuProducts;
  double best = 0;
  // The first run warms up.
  for (int run = 0; run <= kRuns; ++run) {
    const auto start = Clock::now();
    for (int i = 0; i < products; ++i) kernel.Run(x, {});
    if (x.is_cuda()) device.synchronizeDevice(x.device().index());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / products;
    if (run == 1 || (run > 1 && seconds < best)) best = seconds;
  }
  return best;
}

}  // namespace

absl::StatusOr<Machine> DescribeMachine(const std::string& name) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(name));
  Machine machine;
  RETURN_IF_ERROR(CatchTorch([&] {
    machine.device = device.str();
    machine.abilities = AbilitiesOf(device);
    machine.description = device.is_cuda() ? DescribeGpu(device)
                                           : absl::StrCat(CpuName(), ", ", at::get_cpu_capability(), ", ",
                                                          at::get_num_threads(), " threads");
    return absl::OkStatus();
  }));
  return machine;
}

absl::StatusOr<double> ProductTeraflops(const std::string& name, Precision precision) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(name));
  double best = 0;
  RETURN_IF_ERROR(CatchTorch([&] {
    const c10::InferenceMode inference;
    const LinearMap map{"product",
                        {at::randn({kOut, kIn}).to(device), at::zeros({kOut}, at::kFloat).to(device)}};
    const int64_t rows = device.is_cuda() ? kGpuRows : kCpuRows;
    const at::Tensor x = at::randn({rows, kIn}).to(device).to(NetworkType(precision));
    for (const auto& kernel : MakeLinearKernels(map, precision)) {
      best = std::max(best, 2e-12 * rows * kIn * kOut / SecondsOfAProduct(*kernel, x));
    }
    return absl::OkStatus();
  }));
  return best;
}

}  // namespace newsgenre
