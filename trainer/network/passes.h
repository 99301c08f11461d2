// Operators of the network that learns, each with its gradient. What a forward pass keeps for the backward
// one lies in the struct. One thread at a time.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "common/model/albert.h"

namespace newsgenre {

// y = norm(x) (Ba et al. 2016, arXiv:1607.06450) of each row of x, [rows, width].
struct NormPass {
  at::Tensor x, mean, rstd;

  at::Tensor Forward(const at::Tensor& in, const Affine& norm, double epsilon);
  // Adds to `gradients`, of fp32, and returns the gradient of x.
  at::Tensor Backward(const at::Tensor& dy, const Affine& norm, const Affine& gradients) const;
};

// y = x with a share of its values dropped and the others scaled up (dropout.h).
struct DropPass {
  at::Tensor mask;  // undefined where nothing is dropped

  at::Tensor Forward(const at::Tensor& x, double rate, bool training);
  at::Tensor Backward(const at::Tensor& dy) const { return mask.defined() ? dy * mask : dy; }
};

// The same values, as a leaf of autograd.
at::Tensor Leaf(const at::Tensor& x);

}  // namespace newsgenre
