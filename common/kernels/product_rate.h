// Measures how fast this machine multiplies matrices. This header does not include torch.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/device/precision.h"

namespace newsgenre {

// Returns the rate of the fastest kernel for a precision, in 10¹² operations per second: the best of a few
// runs of ALBERT-base's largest product, [rows, 768] by [768, 3072]. `rows` is 96 for each of the calling
// thread's CPU threads, or 8,192 on a GPU. Returns the errors of ParseDevice and CatchTorch.
absl::StatusOr<double> ProductTeraflops(const std::string& device, Precision precision);

}  // namespace newsgenre
