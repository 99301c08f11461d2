// A linear map in training, forward and backward.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

#include "common/model/albert.h"

namespace newsgenre {

// The library for matrix products. The choice changes results by rounding only.
enum class ProductLibrary {
  kTorch,   // torch's own choice; always used on a GPU
  kOneDnn,  // oneDNN with weights in its blocked format, converted after every step; in fp32 the weights'
            // gradients use it too
};
std::string ProductLibraryName(ProductLibrary library);

// Returns the fastest library for a device: oneDNN if the CPU has AVX-512, else torch. With AVX-512, oneDNN
// is more than twice as fast in fp32 as the BLAS that torch uses on AMD processors, and a tenth faster in
// bf16. Nothing is timed at startup: timings vary, and another choice would change the bits of a run.
ProductLibrary FastestProductLibrary(c10::Device device);

// Shares the weights and their gradients; owns the blocked weights. Not thread-safe. Throws torch's
// exceptions.
class TrainingLinear {
 public:
  // Weight [out, in] and bias [out] in fp32 or bf16; `gradients` has the same shapes in fp32.
  TrainingLinear(const Affine& map, const Affine& gradients, ProductLibrary library);

  // Must be called after the weights change.
  void Refresh();

  // Returns x Wᵀ + b. `x` is [rows, in], in the weights' type.
  at::Tensor Forward(const at::Tensor& x) const;
  // `dy`, [rows, out], is the gradient of Forward's result. Adds dyᵀ x and the sum of dy's rows to the
  // gradients, and returns dy W, the gradient of x.
  at::Tensor Backward(const at::Tensor& dy, const at::Tensor& x) const;

 private:
  // Whether a product with these rows uses the blocked weights.
  bool UsesBlocks(const at::Tensor& rows) const;
  void AddWeightGradient(const at::Tensor& dy, const at::Tensor& x) const;

  Affine map_;
  Affine gradients_;
  ProductLibrary library_;
  at::Tensor blocks_;             // the weight in oneDNN's blocked format
  at::Tensor transposed_blocks_;  // the transposed weight in that format
};

}  // namespace newsgenre
