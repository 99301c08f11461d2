#include "common/device/precision.h"

#include <algorithm>
#include <iterator>

#include "common/base/flag_checks.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kBf16, Precision::kFp16, Precision::kInt8};

}  // namespace

std::string_view PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kFp16:
      return "fp16";
    case Precision::kInt8:
      return "int8";
  }
  return "";
}

absl::Status CheckPrecisionName(std::string_view name) {
  return CheckOneOf("precision", name, {"auto", "fp32", "bf16", "fp16", "int8"});
}

absl::StatusOr<Precision> ParsePrecision(std::string_view name, const DeviceCapabilities& device) {
  if (name == "auto") return device.native_bf16 ? Precision::kBf16 : Precision::kFp32;
  RETURN_IF_ERROR(CheckPrecisionName(name));
  const Precision precision =
      *std::find_if(std::begin(kPrecisions), std::end(kPrecisions),
                    [&](Precision candidate) { return PrecisionName(candidate) == name; });
  if (precision == Precision::kFp16 && !device.is_gpu) {
    return absl::FailedPreconditionError(
        "precision 'fp16' is for GPUs; the CPU has auto, fp32, bf16 and int8");
  }
  if (precision == Precision::kInt8 && device.is_gpu) {
    return absl::FailedPreconditionError(
        "precision 'int8' is for the CPU; a GPU has auto, fp32, bf16 and fp16");
  }
  return precision;
}

}  // namespace newsgenre
