// Operators of the network in training. Each struct's Forward keeps what its Backward needs. Not thread-safe.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "common/model/albert.h"

namespace newsgenre {

// Layer normalization (Ba et al. 2016, arXiv:1607.06450) of each row of x, [rows, width].
struct NormPass {
  at::Tensor x, mean, rstd;

  at::Tensor Forward(const at::Tensor& in, const Affine& norm, double epsilon);
  // Adds the gradients of the norm's weights to `gradients`, which is fp32. Returns the gradient of x.
  at::Tensor Backward(const at::Tensor& dy, const Affine& norm, const Affine& gradients) const;
};

// Dropout (common/kernels/dropout.h).
struct DropoutPass {
  at::Tensor mask;  // undefined if nothing is dropped

  at::Tensor Forward(const at::Tensor& x, double rate, bool training);
  at::Tensor Backward(const at::Tensor& dy) const { return mask.defined() ? dy * mask : dy; }
};

// Returns a leaf of autograd that shares the memory of x and requires a gradient.
at::Tensor Leaf(const at::Tensor& x);

}  // namespace newsgenre
