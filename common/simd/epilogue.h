// The last step of a matrix product, which a kernel applies while the result is still in registers.
#pragma once

namespace newsgenre {

// Applied to the result of a linear map, x Wᵀ + b: nothing, GELU, GELU's tanh approximation, or the addition
// of a residual.
enum class Epilogue { kNothing, kGelu, kGeluTanh, kAddResidual };

}  // namespace newsgenre
