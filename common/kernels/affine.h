// The parameters of a linear map or of a layer norm.
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// A linear map has the weight [out, in] and the bias [out]; a layer norm has both as [width].
struct Affine {
  at::Tensor weight;
  at::Tensor bias;
};

}  // namespace newsgenre
