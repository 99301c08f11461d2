// How fast this machine multiplies matrices. This header shows no torch.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/device/precision.h"

namespace newsgenre {

// 10¹² operations a second of a matrix product at ALBERT-base's largest shape ([rows, 768] with [768, 3072];
// 96 rows on each of the calling thread's CPU threads, 8,192 on a GPU) by the best kernel of the precision:
// the best of a few runs. ParseDevice's errors, or torch's.
absl::StatusOr<double> ProductTeraflops(const std::string& device, Precision precision);

}  // namespace newsgenre
