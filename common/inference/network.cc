#include "common/inference/network.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "common/inference/cpu_network.h"
#include "common/inference/tensor_network.h"

namespace newsgenre {

absl::StatusOr<std::shared_ptr<const Network>> MakeNetwork(const Albert& model, Precision precision,
                                                           const std::vector<KernelChoice>& kernels) {
  std::shared_ptr<const Network> network;
  RETURN_IF_ERROR(CatchTorch([&] {
    const at::NoGradGuard no_grad;
    if (model.device().is_cpu()) {
      network = std::make_shared<const CpuNetwork>(model, precision, kernels);
    } else {
      network = std::make_shared<const TensorNetwork>(model, TypeOnGpu(precision));
    }
    return absl::OkStatus();
  }));
  return network;
}

AlbertWeights CastWeights(AlbertWeights weights, c10::ScalarType type) {
  const auto convert = [type](at::Tensor* tensor) { *tensor = tensor->detach().to(type).contiguous(); };
  for (at::Tensor* tensor :
       {&weights.word_embeddings, &weights.position_embeddings, &weights.token_type_embeddings}) {
    convert(tensor);
  }
  for (Affine* map :
       {&weights.embeddings_norm, &weights.mapping_in, &weights.query, &weights.key, &weights.value,
        &weights.dense, &weights.attention_norm, &weights.ffn, &weights.ffn_output, &weights.layer_norm}) {
    convert(&map->weight);
    convert(&map->bias);
  }
  return weights;
}

at::Tensor PositionEmbeddings(const AlbertWeights& weights) {
  return weights.position_embeddings.detach() + weights.token_type_embeddings.detach()[0];
}

Affine ConcatLinear(const std::vector<Affine>& maps) {
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
