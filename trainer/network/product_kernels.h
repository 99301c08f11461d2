// The matrix products of a linear map in training.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

#include "common/model/albert.h"

namespace newsgenre {

// What computes a product. A linear map of rows is a convolution with a kernel of one place, and oneDNN's
// convolutions are fast where what torch takes for matrices isn't: in fp32 more than twice as fast on AMD's
// processors with AVX-512, in bf16 by a fifth forward and a tenth for the input's gradient.
enum class ProductKernel { kMatrix, kConvolution };

// One for each product. None changes a result but for rounding. Immutable: any thread; torch's exceptions
// pass.
struct ProductKernels {
  ProductKernel forward = ProductKernel::kMatrix;
  ProductKernel input_gradient = ProductKernel::kMatrix;
  ProductKernel weight_gradient = ProductKernel::kMatrix;

  // x Wᵀ + b. `x`: [rows, in]; weight [out, in] and bias [out] have its type.
  at::Tensor Forward(const at::Tensor& x, const Affine& map) const;
  // From the gradient `dy`, [rows, out], of the result: adds dyᵀ x and the sum of dy's rows to `gradients`,
  // fp32 in the shapes of `map`, and returns dy W, the gradient of x.
  at::Tensor Backward(const at::Tensor& dy, const at::Tensor& x, const Affine& map,
                      const Affine& gradients) const;

  // "convolution convolution matrix", in the order above.
  std::string ToString() const;
};

// The fastest for a device and a type, at::kFloat or at::kBFloat16, as measured once: a timing at every start
// would now and then choose others, and the same seed give other bits. Convolutions where the CPU has AVX-512
// (in bf16 not for the weights' gradients), else matrices.
ProductKernels FastestProductKernels(c10::Device device, at::ScalarType type);

}  // namespace newsgenre
