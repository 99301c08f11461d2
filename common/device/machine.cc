#include "common/device/machine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/device/cuda_device.h"
#include "common/device/device.h"

namespace newsgenre {
namespace {

// Returns the CPU's name from /proc/cpuinfo.
std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (absl::StartsWith(line, "model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

}  // namespace

absl::StatusOr<Machine> DescribeMachine(const std::string& name) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(name));
  Machine machine;
  RETURN_IF_ERROR(CatchTorch([&] {
    machine.device = device.str();
    machine.capabilities = CapabilitiesOf(device);
    machine.description = device.is_cuda() ? DescribeGpu(device)
                                           : absl::StrCat(CpuName(), ", ", at::get_cpu_capability(), ", ",
                                                          at::get_num_threads(), " threads");
    return absl::OkStatus();
  }));
  return machine;
}

}  // namespace newsgenre
