// The parameters of a linear map or of a layer normalization.
#pragma once

#include <ATen/core/Tensor.h>

namespace newsgenre {

// For a linear map, `weight` is [out, in] and `bias` is [out]. For a layer normalization, both are [width].
struct Affine {
  at::Tensor weight;
  at::Tensor bias;
};

}  // namespace newsgenre
