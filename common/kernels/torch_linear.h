// torch's own kernels for linear maps on the CPU, and oneDNN's, which torch brings.
#pragma once

#include <memory>

#include "common/kernels/linear_kernel.h"

namespace newsgenre {

// What torch takes by itself, in fp32 or bf16.
std::shared_ptr<const LinearKernel> MakePlainLinear(const LinearMap& map, Precision precision);

// oneDNN with its weights in blocks, in fp32, bf16 or int8; GELU or the residual, but for int8, while a block
// of the product is in the cache.
std::shared_ptr<const LinearKernel> MakeOneDnnLinear(const LinearMap& map, Precision precision);

// Returns what the epilogue makes of `y`, in torch's operators. `residual` is for kAddResidual.
at::Tensor ApplyEpilogue(const at::Tensor& y, Epilogue after, const at::Tensor& residual);

}  // namespace newsgenre
