// torch's operators that have no C++ function of their own, oneDNN's linear map among them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace newsgenre {

// The last result of an operator; torch's exceptions pass.
c10::IValue Call(const char* name, std::vector<c10::IValue> arguments);

// x Wᵀ for any x, [rows, in], of the weight's type, [out, in]. The weight is packed here, for about so many
// rows.
std::function<at::Tensor(const at::Tensor&)> OneDnnLinear(const at::Tensor& weight, int64_t rows);

}  // namespace newsgenre
