// All weights of a network in one row of memory, and their gradients in another.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/model/albert.h"

namespace newsgenre {

// So that what is done to all of them is one operator: a step of the optimizer, the norm of the gradients, a
// copy in another type, a saved state. The word embeddings come first, then the other matrices, then the
// tensors of one dimension (biases and norms), each part in the order of its names, which puts key, query and
// value side by side. Owns the values; a copy shares them. One thread at a time.
class FlatParameters {
 public:
  // A copy of the weights, on `device`.
  FlatParameters(const Albert& model, c10::Device device);

  // [count] fp32.
  const at::Tensor& values() const { return values_; }
  int64_t count() const { return values_.size(0); }
  // So many of them are of matrices.
  int64_t matrix_count() const { return matrix_count_; }

  // The word embeddings in `flat`, [count] of any type: [pieces, embedding]; and all behind them, of one
  // dimension. Both share its memory.
  at::Tensor WordEmbeddings(const at::Tensor& flat) const;
  at::Tensor Others(const at::Tensor& flat) const;

  // What `flat`, [count] of any type, holds for each name; shares its memory.
  TensorMap Views(const at::Tensor& flat) const;
  // Key, query and value as one map: [3 · hidden, hidden] and [3 · hidden].
  Affine KeyQueryValue(const at::Tensor& flat) const;

 private:
  struct Place {
    int64_t start;
    std::vector<int64_t> shape;
  };

  std::map<std::string, Place> places_;
  at::Tensor values_;
  int64_t matrix_count_ = 0;
  int64_t words_ = 0;       // numbers of the word embeddings
  int64_t word_width_ = 0;  // of each of them
};

}  // namespace newsgenre
