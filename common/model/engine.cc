#include "common/model/engine.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

#include <string>

#include "common/base/status_macros.h"
#include "common/model/attention.h"
#include "common/model/device.h"
#include "common/model/linear_kernel.h"

namespace newsgenre {
namespace {

using Kernel = std::shared_ptr<const LinearKernel>;

at::ScalarType TypeOf(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

Affine Stack(const std::vector<Affine>& maps) {
  std::vector<at::Tensor> weights, biases;
  for (const Affine& map : maps) {
    weights.push_back(map.weight);
    biases.push_back(map.bias);
  }
  return {at::cat(weights), at::cat(biases)};
}

}  // namespace

struct Engine::Impl {
  Impl(const Albert& model, Precision precision);

  at::Tensor Embed(const PackedBatch& batch) const;
  at::Tensor RunLayer(const at::Tensor& x, const AttentionLayout& layout) const;
  at::Tensor RunLastLayer(const at::Tensor& x, const at::Tensor& first_rows,
                          const AttentionLayout& layout) const;
  at::Tensor FinishLayer(const at::Tensor& x, const at::Tensor& context) const;
  at::Tensor Norm(const at::Tensor& x, const Affine& norm) const;
  Kernel Choose(LinearMap map);

  const AlbertConfig config;
  const Head head;
  const Precision precision;
  const c10::Device device;
  AlbertWeights weights;  // in the network's type; the linear maps of the layers are in the kernels
  std::vector<KernelChoice> choices;
  Kernel mapping_in, qkv, dense, ffn, ffn_output;
  Kernel last_query, last_key_value;
};

Engine::Impl::Impl(const Albert& model, Precision precision)
    : config(model.config()),
      head(model.head()),
      precision(precision),
      device(model.device()),
      weights(model.weights()) {
  const After gelu = config.hidden_act == Activation::kGeluNew ? After::kGeluTanh : After::kGelu;
  mapping_in = Choose({"mapping_in", weights.mapping_in});
  qkv = Choose({"qkv", Stack({weights.query, weights.key, weights.value})});
  dense = Choose({"dense", weights.dense, After::kAddResidual});
  ffn = Choose({"ffn", weights.ffn, gelu});
  ffn_output = Choose({"ffn_output", weights.ffn_output, After::kAddResidual});
  last_query = Choose({"last_query", weights.query});
  last_key_value = Choose({"last_key_value", Stack({weights.key, weights.value})});

  const at::ScalarType type = TypeOf(precision);
  for (at::Tensor* tensor :
       {&weights.word_embeddings, &weights.position_embeddings, &weights.token_type_embeddings}) {
    *tensor = tensor->detach().to(type);
  }
  for (Affine* norm : {&weights.embeddings_norm, &weights.attention_norm, &weights.layer_norm}) {
    *norm = {norm->weight.detach().to(type), norm->bias.detach().to(type)};
  }
}

Kernel Engine::Impl::Choose(LinearMap map) {
  map.affine = {map.affine.weight.detach(), map.affine.bias.detach()};
  auto kernels = MakeLinearKernels(map, precision);
  choices.push_back({map.name, kernels.front()->name()});
  return kernels.front();
}

at::Tensor Engine::Impl::Norm(const at::Tensor& x, const Affine& norm) const {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, config.layer_norm_eps);
}

at::Tensor Engine::Impl::Embed(const PackedBatch& batch) const {
  const at::Tensor x = at::embedding(weights.word_embeddings, batch.ids) + weights.token_type_embeddings[0] +
                       at::embedding(weights.position_embeddings, batch.positions);
  return mapping_in->Run(Norm(x, weights.embeddings_norm), {});
}

at::Tensor Engine::Impl::RunLayer(const at::Tensor& x, const AttentionLayout& layout) const {
  const auto parts = qkv->Run(x, {}).chunk(3, 1);
  return FinishLayer(x, layout.Attend(parts[0], parts[1], parts[2], config.num_attention_heads));
}

at::Tensor Engine::Impl::RunLastLayer(const at::Tensor& x, const at::Tensor& first_rows,
                                      const AttentionLayout& layout) const {
  const auto parts = last_key_value->Run(x, {}).chunk(2, 1);
  const at::Tensor first = x.index_select(0, first_rows);
  return FinishLayer(
      first, layout.Attend(last_query->Run(first, {}), parts[0], parts[1], config.num_attention_heads));
}

at::Tensor Engine::Impl::FinishLayer(const at::Tensor& x, const at::Tensor& context) const {
  const at::Tensor y = Norm(dense->Run(context, x), weights.attention_norm);
  return Norm(ffn_output->Run(ffn->Run(y, {}), y), weights.layer_norm);
}

absl::StatusOr<Engine> Engine::Build(const Albert& model, Precision precision) {
  std::shared_ptr<const Impl> impl;
  RETURN_IF_ERROR(CatchTorch([&] {
    const at::NoGradGuard no_grad;
    impl = std::make_shared<const Impl>(model, precision);
    return absl::OkStatus();
  }));
  return Engine(std::move(impl));
}

at::Tensor Engine::Logits(const PackedBatch& batch) const {
  const Impl& net = *impl_;
  const AttentionLayout layout(batch, /*dropout=*/0.0);
  at::Tensor x = net.Embed(batch);
  for (int layer = 1; layer < net.config.num_hidden_layers; ++layer) x = net.RunLayer(x, layout);
  // The heads read the last layer's first tokens only: nothing else of it is computed.
  x = net.RunLastLayer(x, batch.first_rows, layout).to(at::kFloat);
  if (net.head == Head::kPooler)
    x = at::tanh(at::linear(x, net.weights.pooler.weight, net.weights.pooler.bias));
  return at::linear(x, net.weights.classifier.weight, net.weights.classifier.bias);
}

Precision Engine::precision() const { return impl_->precision; }
c10::Device Engine::device() const { return impl_->device; }
const std::vector<KernelChoice>& Engine::kernels() const { return impl_->choices; }

}  // namespace newsgenre
