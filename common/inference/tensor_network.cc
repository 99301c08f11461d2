#include "common/inference/tensor_network.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

#include "common/model/attention.h"

namespace newsgenre {
namespace {

at::Tensor Apply(const Affine& map, const at::Tensor& x) { return at::linear(x, map.weight, map.bias); }

}  // namespace

TensorNetwork::TensorNetwork(const Albert& model, c10::ScalarType type)
    : config_(model.config()),
      weights_(CastWeights(model.weights(), type)),
      query_key_value_(ConcatLinear({weights_.query, weights_.key, weights_.value})),
      key_value_(ConcatLinear({weights_.key, weights_.value})),
      position_embeddings_(PositionEmbeddings(model.weights()).to(type)) {}

at::Tensor TensorNetwork::Norm(const at::Tensor& x, const Affine& norm) const {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, config_.layer_norm_eps);
}

at::Tensor TensorNetwork::Embed(const PackedBatch& batch) const {
  const at::Tensor x = at::embedding(weights_.word_embeddings, batch.ids) +
                       at::embedding(position_embeddings_, batch.positions);
  return Apply(weights_.mapping_in, Norm(x, weights_.embeddings_norm));
}

at::Tensor TensorNetwork::FinishLayer(const at::Tensor& x, const at::Tensor& context) const {
  const at::Tensor y = Norm(Apply(weights_.dense, context) + x, weights_.attention_norm);
  const at::Tensor wide = at::gelu(Apply(weights_.ffn, y), GeluKind(config_.hidden_act));
  return Norm(Apply(weights_.ffn_output, wide) + y, weights_.layer_norm);
}

at::Tensor TensorNetwork::Logits(const PackedBatch& batch) const {
  const AttentionLayout layout(batch, /*dropout=*/0.0);
  const int64_t heads = config_.num_attention_heads;
  at::Tensor x = Embed(batch);
  for (int layer = 1; layer < config_.num_hidden_layers; ++layer) {
    const auto qkv = Apply(query_key_value_, x).chunk(3, 1);
    x = FinishLayer(x, layout.Attend(qkv[0], qkv[1], qkv[2], heads));
  }
  // The heads read only the last layer's first tokens, so the last layer computes no others.
  const auto kv = Apply(key_value_, x).chunk(2, 1);
  const at::Tensor first = x.index_select(0, batch.first_rows);
  const at::Tensor context = layout.Attend(Apply(weights_.query, first), kv[0], kv[1], heads);
  return HeadLogits(weights_, FinishLayer(first, context).to(at::kFloat));
}

}  // namespace newsgenre
