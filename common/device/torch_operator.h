// Operators of torch that no header declares.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>

namespace newsgenre {

// `name` as in torch.ops, `Signature` as torch defines it; throws a c10::Error where torch has no such
// operator.
template <typename Signature>
c10::TypedOperatorHandle<Signature> TorchOperator(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

using PostOpArguments = c10::List<std::optional<at::Scalar>>;

}  // namespace newsgenre
