// Access to torch operators that no header declares.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>

namespace newsgenre {

// Returns the operator that torch.ops calls `name`. `Signature` must be the one that torch defines. Throws
// c10::Error if torch has no such operator.
template <typename Signature>
c10::TypedOperatorHandle<Signature> TorchOperator(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

// The arguments of an operation that oneDNN applies after a product, as torch's operators take them.
// The arguments of the operation that oneDNN applies to the result of a product.
using PostOpArguments = c10::List<std::optional<at::Scalar>>;

}  // namespace newsgenre
