#include "tests/bench/onednn_linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <utility>

namespace newsgenre {

c10::IValue CallOperator(const char* name, std::vector<c10::IValue> arguments) {
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
  return std::move(arguments.back());
}

std::function<at::Tensor(const at::Tensor&)> OneDnnLinear(const at::Tensor& weight, int64_t rows) {
  const at::Tensor packed = CallOperator("mkldnn::_reorder_linear_weight", {weight, rows}).toTensor();
  return [packed](const at::Tensor& x) {
    return CallOperator("mkldnn::_linear_pointwise", {x, packed, c10::IValue(), "none",
                                                      c10::List<std::optional<at::Scalar>>(), c10::IValue()})
        .toTensor();
  };
}

}  // namespace newsgenre
