// What comes right after a linear map.
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// Of x Wᵀ + b: GELU, GELU in its tanh form, or a residual added; kernels do it in the same pass where they
// can.
enum class After { kNothing, kGelu, kGeluTanh, kAddResidual };

// GELU of `y` where that comes after it, for kernels that can't; else `y`.
at::Tensor Activate(const at::Tensor& y, After after);

}  // namespace newsgenre
