// What comes right after a linear map.
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// Of x Wᵀ + b: GELU, GELU in its tanh form, or a residual added; kernels do it in the same pass where they
// can.
enum class After { kNothing, kGelu, kGeluTanh, kAddResidual };

// `y` after it, for kernels that can't. `residual` is for kAddResidual.
at::Tensor Finished(const at::Tensor& y, After after, const at::Tensor& residual);

}  // namespace newsgenre
