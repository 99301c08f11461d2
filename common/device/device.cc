#include "common/device/device.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>

#include <exception>
#include <new>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/json_log.h"
#include "common/device/cuda_device.h"

namespace newsgenre {
namespace {

// While it exists, torch's warnings on this thread go to the log instead of to standard error.
class WarningsToLog : c10::WarningHandler {
 public:
  WarningsToLog() : guard_(this) {}

 private:
  void process(const c10::Warning& warning) override {
    Log(Severity::kWarning, "torch", {{"detail", warning.msg()}});
  }

  const c10::WarningUtils::WarningHandlerGuard guard_;
};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

absl::Status NoGpu(std::string_view name, const std::string& reason) {
  return absl::FailedPreconditionError("device '" + std::string(name) + "': " + reason);
}

// Returns N of "cuda:N", or -1 if `name` does not have that form.
int CudaIndex(std::string_view name) {
  constexpr std::string_view kPrefix = "cuda:";
  if (name.substr(0, kPrefix.size()) != kPrefix) return -1;
  const std::string digits(name.substr(kPrefix.size()));
  int index = -1;
  const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos &&
                         absl::SimpleAtoi(digits, &index);
  return is_number ? index : -1;
}

}  // namespace

absl::StatusOr<c10::Device> ParseDevice(std::string_view name) {
  const int index = CudaIndex(name);
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (name != "auto" && index < 0) {
    return absl::InvalidArgumentError("device is '" + std::string(name) + "'; allowed: auto, cpu, cuda:N");
  }
#ifdef NEWSGENRE_CUDA
  // deviceCount() also returns 0 if the driver is missing or too old for this CUDA; torch's warning says
  // which.
  const WarningsToLog warnings;
  const int gpus = at::detail::getCUDAHooks().deviceCount();
#else
  const int gpus = 0;
#endif
  if (name == "auto") return gpus > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (index < gpus) return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
#ifdef NEWSGENRE_CUDA
  if (gpus > 0) return NoGpu(name, absl::StrCat("this machine has ", gpus, " GPUs, numbered from 0"));
  return NoGpu(name, "no usable GPU; CUDA 13 needs driver 580 or newer");
#else
  return NoGpu(name, "this program was built without CUDA");
#endif
}

DeviceCapabilities CapabilitiesOf(c10::Device device) {
  DeviceCapabilities capabilities;
  capabilities.is_gpu = device.is_cuda();
  if (capabilities.is_gpu) {
    capabilities.native_bf16 = ComputeCapability(device).major >= 8;
    return capabilities;
  }
  const auto cpu = at::cpu::get_cpu_capabilities();
  for (const char* name : {"avx512_bf16", "amx_bf16"}) {
    const auto found = cpu.find(name);
    capabilities.native_bf16 |= found != cpu.end() && found->second.isBool() && found->second.toBool();
  }
  return capabilities;
}

c10::ScalarType TypeOnGpu(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

absl::Status CatchTorch(const std::function<absl::Status()>& body) {
  const WarningsToLog warnings;
  try {
    return body();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(FirstLine(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    // The CPU allocator throws a c10::Error.
    if (message.find("can't allocate memory") != std::string::npos) {
      return absl::ResourceExhaustedError(FirstLine(message));
    }
    return absl::InternalError(FirstLine(message));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(FirstLine(error.what()));
  }
}

}  // namespace newsgenre
