// Operators of torch that have no C++ function, such as oneDNN's linear map.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace newsgenre {

// Runs an operator and returns its last result. Throws c10::Error on failure.
c10::IValue CallOperator(const char* name, std::vector<c10::IValue> arguments);

// Returns a function that computes x Wᵀ for x, [rows, in], of the weight's type. `weight` is [out, in]. Packs
// the weight once, for inputs of about `rows` rows.
std::function<at::Tensor(const at::Tensor&)> OneDnnLinear(const at::Tensor& weight, int64_t rows);

}  // namespace newsgenre
