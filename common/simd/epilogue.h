// What a kernel does with the result of a matrix product while it is still in registers.
#pragma once

namespace newsgenre {

// Applied to x Wᵀ + b: nothing, GELU, GELU in its tanh form, or the addition of a residual.
enum class Epilogue { kNothing, kGelu, kGeluTanh, kAddResidual };

}  // namespace newsgenre
