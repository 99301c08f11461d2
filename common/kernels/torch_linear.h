// Linear maps on the CPU by torch's own kernels and by oneDNN's, which come with torch.
#pragma once

#include <memory>

#include "common/kernels/linear_kernel.h"

namespace newsgenre {

// Returns the kernel that at::linear chooses by itself, in fp32 or bf16.
std::shared_ptr<const LinearKernel> MakeTorchLinear(const LinearMap& map, Precision precision);

// Returns oneDNN's kernel with prepacked weights, in fp32, bf16 or int8. Except for int8, oneDNN applies the
// epilogue while a block of the product is in the cache.
std::shared_ptr<const LinearKernel> MakeOneDnnLinear(const LinearMap& map, Precision precision);

// Applies the epilogue to `y` with torch's operators. `residual` is read for kAddResidual only.
at::Tensor ApplyEpilogue(const at::Tensor& y, Epilogue epilogue, const at::Tensor& residual);

}  // namespace newsgenre
