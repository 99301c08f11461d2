// All weights of a network in one contiguous tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/model/albert.h"

namespace newsgenre {

// Lays out all weights in one tensor, so that an optimizer step, the norm of the gradients, a cast to another
// type or a saved state is a single operator. The layout also applies to other tensors of count() values, for
// example gradients; the methods call them `flat`.
//
// The word embeddings come first, then the other matrices, then the one-dimensional tensors (biases and norm
// weights). Each part is in the order of the tensors' names, which makes key, query and value contiguous.
// Owns the values; a copy shares them. Not thread-safe.
class FlatParameters {
 public:
  // Copies the weights of `model` to `device`.
  FlatParameters(const Albert& model, c10::Device device);

  // The weights: [count], fp32.
  const at::Tensor& values() const { return values_; }
  int64_t count() const { return values_.size(0); }
  // The number of values that belong to matrices, word embeddings included. They precede all others.
  int64_t matrix_count() const { return matrix_count_; }

  // Each of these returns views of `flat`, [count] of any type, that share its memory.
  //
  // The word embeddings, [pieces, embedding size].
  at::Tensor WordEmbeddings(const at::Tensor& flat) const;
  // Everything except the word embeddings, in one dimension.
  at::Tensor OtherParameters(const at::Tensor& flat) const;
  // Every tensor by its name.
  TensorMap Views(const at::Tensor& flat) const;
  // Key, query and value as one linear map: weight [3 · hidden, hidden], bias [3 · hidden].
  Affine KeyQueryValue(const at::Tensor& flat) const;

 private:
  struct Extent {
    int64_t offset;
    std::vector<int64_t> shape;
  };

  std::map<std::string, Extent> extents_;
  at::Tensor values_;
  int64_t matrix_count_ = 0;
  int64_t word_embeddings_count_ = 0;
  int64_t word_embeddings_width_ = 0;
};

}  // namespace newsgenre
