#include "trainer/network/flat_parameters.h"

#include <ATen/ops/cat.h>

#include <utility>
#include <vector>

namespace newsgenre {

FlatParameters::FlatParameters(const Albert& model, c10::Device device) {
  static constexpr char kWordEmbeddings[] = "albert.embeddings.word_embeddings.weight";
  std::vector<at::Tensor> flattened;
  int64_t count = 0;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    extents_[name] = {count, tensor.sizes().vec()};
    flattened.push_back(tensor.detach().reshape({-1}).to(device));
    count += tensor.numel();
  };
  const TensorMap& tensors = model.parameters();
  add(kWordEmbeddings, tensors.at(kWordEmbeddings));
  word_embeddings_count_ = count;
  word_embeddings_width_ = tensors.at(kWordEmbeddings).size(1);
  for (const bool matrices : {true, false}) {
    for (const auto& [name, tensor] : tensors) {
      if ((tensor.dim() > 1) == matrices && name != kWordEmbeddings) add(name, tensor);
    }
    if (matrices) matrix_count_ = count;
  }
  values_ = at::cat(flattened);
}

at::Tensor FlatParameters::WordEmbeddings(const at::Tensor& flat) const {
  return flat.narrow(0, 0, word_embeddings_count_).view({-1, word_embeddings_width_});
}

at::Tensor FlatParameters::OtherParameters(const at::Tensor& flat) const {
  return flat.narrow(0, word_embeddings_count_, count() - word_embeddings_count_);
}

TensorMap FlatParameters::Views(const at::Tensor& flat) const {
  TensorMap views;
  for (const auto& [name, extent] : extents_) {
    const int64_t size = c10::multiply_integers(extent.shape);
    views[name] = flat.narrow(0, extent.offset, size).view(extent.shape);
  }
  return views;
}

Affine FlatParameters::KeyQueryValue(const at::Tensor& flat) const {
  const std::string key = "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.key";
  const Extent& weight = extents_.at(key + ".weight");
  const Extent& bias = extents_.at(key + ".bias");
  const int64_t hidden = bias.shape[0];
  return {flat.narrow(0, weight.offset, 3 * hidden * hidden).view({3 * hidden, hidden}),
          flat.narrow(0, bias.offset, 3 * hidden)};
}

}  // namespace newsgenre
