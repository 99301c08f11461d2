#include "common/model/network.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

namespace newsgenre {

Affine Stack(const std::vector<Affine>& maps) {
  std::vector<at::Tensor> weights, biases;
  for (const Affine& map : maps) {
    weights.push_back(map.weight);
    biases.push_back(map.bias);
  }
  return {at::cat(weights), at::cat(biases)};
}

at::Tensor HeadLogits(const AlbertWeights& weights, const at::Tensor& first) {
  const Affine &pooler = weights.pooler, &classifier = weights.classifier;
  const at::Tensor x =
      pooler.weight.defined() ? at::tanh(at::linear(first, pooler.weight, pooler.bias)) : first;
  return at::linear(x, classifier.weight, classifier.bias);
}

}  // namespace newsgenre
