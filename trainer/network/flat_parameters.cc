#include "trainer/network/flat_parameters.h"

#include <ATen/ops/cat.h>

#include <utility>
#include <vector>

namespace newsgenre {

FlatParameters::FlatParameters(const Albert& model, c10::Device device) {
  static constexpr char kWords[] = "albert.embeddings.word_embeddings.weight";
  std::vector<at::Tensor> parts;
  int64_t count = 0;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    places_[name] = {count, tensor.sizes().vec()};
    parts.push_back(tensor.detach().reshape({-1}).to(device));
    count += tensor.numel();
  };
  const TensorMap& tensors = model.parameters();
  add(kWords, tensors.at(kWords));
  words_ = count;
  word_width_ = tensors.at(kWords).size(1);
  for (const bool matrices : {true, false}) {
    for (const auto& [name, tensor] : tensors) {
      if ((tensor.dim() > 1) == matrices && name != kWords) add(name, tensor);
    }
    if (matrices) matrix_count_ = count;
  }
  values_ = at::cat(parts);
}

at::Tensor FlatParameters::WordEmbeddings(const at::Tensor& flat) const {
  return flat.narrow(0, 0, words_).view({-1, word_width_});
}

at::Tensor FlatParameters::Others(const at::Tensor& flat) const {
  return flat.narrow(0, words_, count() - words_);
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
