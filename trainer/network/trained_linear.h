// A linear map that learns: its product, and those of its gradients.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

#include "common/model/albert.h"

namespace newsgenre {

// Who multiplies on the CPU. Neither changes a result but for rounding.
enum class ProductLibrary {
  kTorch,   // what torch takes by itself, also on a GPU
  kOneDnn,  // oneDNN with its weights in blocks, made anew after every step; in fp32 also for their gradients
};
std::string ProductLibraryName(ProductLibrary library);

// The fastest for a device, as measured once: a timing at every start would now and then choose another, and
// the same seed give other bits. oneDNN where the CPU has AVX-512 (there it is more than twice as fast as the
// BLAS that torch takes for fp32 on AMD's processors, and faster by a tenth in bf16), else torch.
ProductLibrary FastestProductLibrary(c10::Device device);

// Shares the weights and their gradients; owns the blocks. One thread at a time; torch's exceptions pass.
class TrainedLinear {
 public:
  // weight [out, in] and bias [out] in fp32 or bf16; `gradients` the same in fp32.
  TrainedLinear(const Affine& map, const Affine& gradients, ProductLibrary library);

  // After the weights changed.
  void Refresh();

  // x Wᵀ + b. `x`: [rows, in], of the weights' type.
  at::Tensor Forward(const at::Tensor& x) const;
  // From the gradient `dy`, [rows, out], of the result: adds dyᵀ x and the sum of dy's rows to the gradients,
  // and returns dy W, the gradient of x.
  at::Tensor Backward(const at::Tensor& dy, const at::Tensor& x) const;

 private:
  bool InBlocks(const at::Tensor& rows) const;
  void AddWeightGradient(const at::Tensor& dy, const at::Tensor& x) const;

  Affine map_;
  Affine gradients_;
  ProductLibrary library_;
  at::Tensor blocks_;             // oneDNN's, of the weight
  at::Tensor transposed_blocks_;  // likewise, of the weight transposed
};

}  // namespace newsgenre
