#include "common/model/after.h"

#include <ATen/ops/gelu.h>

namespace newsgenre {

at::Tensor Activate(const at::Tensor& y, After after) {
  switch (after) {
    case After::kGelu:
      return at::gelu(y, "none");
    case After::kGeluTanh:
      return at::gelu(y, "tanh");
    default:
      return y;
  }
}

}  // namespace newsgenre
