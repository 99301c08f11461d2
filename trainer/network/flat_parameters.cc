#include "trainer/network/flat_parameters.h"

#include <ATen/ops/cat.h>

#include <utility>
#include <vector>

namespace newsgenre {

FlatParameters::FlatParameters(const Albert& model, c10::Device device) {
  std::vector<at::Tensor> parts;
  int64_t count = 0;
  for (const bool matrices : {true, false}) {
    for (const auto& [name, tensor] : model.parameters()) {
      if ((tensor.dim() > 1) != matrices) continue;
      places_[name] = {count, tensor.sizes().vec()};
      parts.push_back(tensor.detach().reshape({-1}).to(device));
      count += tensor.numel();
    }
    if (matrices) matrix_count_ = count;
  }
  values_ = at::cat(parts);
}

TensorMap FlatParameters::Views(const at::Tensor& flat) const {
  TensorMap views;
  for (const auto& [name, place] : places_) {
    const int64_t size = c10::multiply_integers(place.shape);
    views[name] = flat.narrow(0, place.start, size).view(place.shape);
  }
  return views;
}

Affine FlatParameters::KeyQueryValue(const at::Tensor& flat) const {
  const std::string key = "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.key";
  const Place& weight = places_.at(key + ".weight");
  const Place& bias = places_.at(key + ".bias");
  const int64_t hidden = bias.shape[0];
  return {flat.narrow(0, weight.start, 3 * hidden * hidden).view({3 * hidden, hidden}),
          flat.narrow(0, bias.start, 3 * hidden)};
}

}  // namespace newsgenre
