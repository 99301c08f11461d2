#include "trainer/network/training_network.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_unique.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros_like.h>

#include <tuple>
#include <utility>

#include "common/model/dropout.h"

namespace newsgenre {
namespace {

// y = norm(x), with what its gradient needs.
struct NormPass {
  at::Tensor x, mean, rstd;

  at::Tensor Forward(const at::Tensor& in, const Affine& norm, double epsilon) {
    x = in;
    at::Tensor y;
    std::tie(y, mean, rstd) = at::native_layer_norm(x, {x.size(1)}, norm.weight, norm.bias, epsilon);
    return y;
  }
  at::Tensor Backward(const at::Tensor& dy, const Affine& norm, const Affine& gradients) const {
    // On the CPU torch adds up rows in bf16, which is off by a tenth for a large batch.
    const bool own_sums = x.is_cpu() && x.scalar_type() != at::kFloat;
    const auto [dx, dweight, dbias] = at::native_layer_norm_backward(
        dy, x, {x.size(1)}, mean, rstd, norm.weight, norm.bias, {true, !own_sums, !own_sums});
    const at::Tensor ones = own_sums ? at::ones({1, x.size(0)}, x.options()) : at::Tensor();
    gradients.weight.add_(own_sums ? at::mm(ones, (x - mean).mul_(rstd).mul_(dy))[0] : dweight);
    gradients.bias.add_(own_sums ? at::mm(ones, dy)[0] : dbias);
    return dx;
  }
};

// y = x with a share of its values dropped and the others scaled up.
struct DropPass {
  at::Tensor mask;  // undefined where nothing is dropped

  at::Tensor Forward(const at::Tensor& x, double rate, bool training) {
    if (!training || rate == 0) return x;
    mask = DropoutMask(x, rate);
    return x * mask;
  }
  at::Tensor Backward(const at::Tensor& dy) const { return mask.defined() ? dy * mask : dy; }
};

at::Tensor Leaf(const at::Tensor& x) { return x.detach().requires_grad_(true); }

const char* GeluKind(const AlbertConfig& config) {
  return config.hidden_act == Activation::kGeluNew ? "tanh" : "none";
}

}  // namespace

struct TrainingNetwork::EmbeddingPass {
  NormPass norm;
  DropPass drop;
  at::Tensor narrow;  // what the mapping to the hidden size reads
};

struct TrainingNetwork::LayerPass {
  bool last = false;
  at::Tensor x;        // [rows, hidden], the layer's input
  at::Tensor queries;  // x, or in the last layer its first rows of texts, which are all that a head reads
  // Leaves of autograd, which does the attention. In the last layer key, query, value; else all in one.
  std::vector<at::Tensor> projections;
  at::Tensor context;
  DropPass drop;
  NormPass attention_norm;
  at::Tensor y;  // attention_norm's result
  at::Tensor wide, activated;
  NormPass layer_norm;
};

TrainingNetwork::TrainingNetwork(const Albert& model, c10::Device device, at::ScalarType type,
                                 ProductLibrary library)
    : parameters_(model, device),
      model_(*Albert::FromTensors(model.config(), model.head(), model.labels(),
                                  parameters_.Views(parameters_.values()))),
      type_(type),
      library_(library),
      gradients_(at::zeros_like(parameters_.values())),
      working_values_(parameters_.values().to(type)),
      working_(BindWeights(parameters_.Views(working_values_), model.head())),
      gradient_views_(BindWeights(parameters_.Views(gradients_), model.head())),
      maps_(MakeMaps()) {
  const auto leaf = [](const at::Tensor& value, const at::Tensor& gradient) {
    if (!value.defined()) return value;
    at::Tensor shared = Leaf(value);
    shared.mutable_grad() = gradient;
    return shared;
  };
  for (const auto part : {&AlbertWeights::pooler, &AlbertWeights::classifier}) {
    const Affine &values = model_.weights().*part, &gradients = gradient_views_.*part;
    head_.*part = {leaf(values.weight, gradients.weight), leaf(values.bias, gradients.bias)};
  }
}

TrainingNetwork::Maps TrainingNetwork::MakeMaps() const {
  const auto map = [&](Affine AlbertWeights::*part) {
    return TrainedLinear(working_.*part, gradient_views_.*part, library_);
  };
  using W = AlbertWeights;
  return {map(&W::mapping_in),
          TrainedLinear(parameters_.KeyQueryValue(working_values_), parameters_.KeyQueryValue(gradients_),
                        library_),
          map(&W::dense), map(&W::ffn), map(&W::ffn_output), map(&W::key),
          // Of few rows, one a text, and of another number of them each time.
          TrainedLinear(working_.query, gradient_views_.query, ProductLibrary::kTorch), map(&W::value)};
}

void TrainingNetwork::Refresh() {
  if (type_ != at::kFloat) {
    parameters_.Others(working_values_).copy_(parameters_.Others(parameters_.values()));
  }
  for (const auto map : {&Maps::mapping_in, &Maps::key_query_value, &Maps::dense, &Maps::ffn,
                         &Maps::ffn_output, &Maps::key, &Maps::query, &Maps::value}) {
    (maps_.*map).Refresh();
  }
}

void TrainingNetwork::ZeroGradients() {
  if (!learnt_.empty()) parameters_.WordEmbeddings(gradients_).index_fill_(0, WordRows(), 0);
  parameters_.Others(gradients_).zero_();
  learnt_.clear();
}

at::Tensor TrainingNetwork::WordRows() const {
  const at::Tensor ids = at::cat(learnt_).to(at::kLong);
  // On a GPU finding each once takes a wait.
  return ids.is_cpu() ? std::get<0>(at::_unique(ids)) : ids;
}

at::Tensor TrainingNetwork::Embed(const PackedBatch& batch, bool training, EmbeddingPass* pass) const {
  // A news item is one segment: token type 0.
  const AlbertWeights& weights = model_.weights();
  const at::Tensor sum = at::embedding(weights.word_embeddings, batch.ids) +
                         at::embedding(weights.position_embeddings, batch.positions) +
                         weights.token_type_embeddings[0];
  const at::Tensor normed =
      pass->norm.Forward(sum.to(type_), working_.embeddings_norm, config().layer_norm_eps);
  pass->narrow = pass->drop.Forward(normed, config().hidden_dropout_prob, training);
  return maps_.mapping_in.Forward(pass->narrow);
}

void TrainingNetwork::EmbedBackward(const PackedBatch& batch, const EmbeddingPass& pass,
                                    const at::Tensor& dx) const {
  const at::Tensor dnarrow = maps_.mapping_in.Backward(dx, pass.narrow);
  const at::Tensor dsum =
      pass.norm
          .Backward(pass.drop.Backward(dnarrow), working_.embeddings_norm, gradient_views_.embeddings_norm)
          .to(at::kFloat);
  gradient_views_.word_embeddings.index_add_(0, batch.ids, dsum);
  gradient_views_.position_embeddings.index_add_(0, batch.positions, dsum);
  gradient_views_.token_type_embeddings[0].add_(dsum.sum(0));
}

at::Tensor TrainingNetwork::RunLayer(const PackedBatch& batch, const AttentionLayout& layout, bool last,
                                     bool training, LayerPass* pass) const {
  pass->last = last;
  pass->queries = last ? pass->x.index_select(0, batch.first_rows) : pass->x;
  std::vector<at::Tensor> parts;  // key, query, value
  if (last) {
    parts = {maps_.key.Forward(pass->x), maps_.query.Forward(pass->queries), maps_.value.Forward(pass->x)};
  } else {
    parts = {maps_.key_query_value.Forward(pass->x)};
  }
  {
    const at::AutoGradMode record(training);
    if (training) {
      for (at::Tensor& part : parts) part = Leaf(part);
      pass->projections = parts;
    }
    if (!last) parts = parts[0].chunk(3, 1);
    pass->context = layout.Attend(parts[1], parts[0], parts[2], config().num_attention_heads);
  }
  const at::Tensor attended =
      pass->drop.Forward(maps_.dense.Forward(pass->context.detach()), config().hidden_dropout_prob, training);
  const double epsilon = config().layer_norm_eps;
  pass->y = pass->attention_norm.Forward(pass->queries + attended, working_.attention_norm, epsilon);
  pass->wide = maps_.ffn.Forward(pass->y);
  pass->activated = at::gelu(pass->wide, GeluKind(config()));
  return pass->layer_norm.Forward(maps_.ffn_output.Forward(pass->activated) + pass->y, working_.layer_norm,
                                  epsilon);
}

at::Tensor TrainingNetwork::LayerBackward(const PackedBatch& batch, const LayerPass& pass,
                                          const at::Tensor& dy) const {
  const at::Tensor dsum = pass.layer_norm.Backward(dy, working_.layer_norm, gradient_views_.layer_norm);
  const at::Tensor dactivated = maps_.ffn_output.Backward(dsum, pass.activated);
  const at::Tensor dwide = at::gelu_backward(dactivated, pass.wide, GeluKind(config()));
  const at::Tensor dattended = pass.attention_norm.Backward(
      maps_.ffn.Backward(dwide, pass.y).add_(dsum), working_.attention_norm, gradient_views_.attention_norm);
  pass.context.backward(maps_.dense.Backward(pass.drop.Backward(dattended), pass.context.detach()));
  if (!pass.last) {
    const at::Tensor dprojections = pass.projections[0].grad();
    return maps_.key_query_value.Backward(dprojections, pass.x).add_(dattended);
  }
  const auto gradient = [&](int part) { return pass.projections[part].grad(); };
  const at::Tensor dx =
      maps_.key.Backward(gradient(0), pass.x).add_(maps_.value.Backward(gradient(2), pass.x));
  return dx.index_add_(0, batch.first_rows, maps_.query.Backward(gradient(1), pass.queries).add_(dattended));
}

at::Tensor TrainingNetwork::HeadLogits(const at::Tensor& first, bool training) const {
  at::Tensor x = first.to(at::kFloat);
  if (head_.pooler.weight.defined()) x = at::tanh(at::linear(x, head_.pooler.weight, head_.pooler.bias));
  const double rate = config().classifier_dropout_prob;
  if (training && rate > 0) x = x * DropoutMask(x, rate);
  return at::linear(x, head_.classifier.weight, head_.classifier.bias);
}

BatchResult TrainingNetwork::Learn(const PackedBatch& batch, const at::Tensor& labels, double weight) {
  const at::NoGradGuard no_grad;
  const AttentionLayout layout(batch, config().attention_probs_dropout_prob);
  learnt_.push_back(batch.ids);
  EmbeddingPass embedding;
  std::vector<LayerPass> layers(config().num_hidden_layers);
  at::Tensor x = Embed(batch, /*training=*/true, &embedding);
  for (LayerPass& layer : layers) {
    layer.x = x;
    x = RunLayer(batch, layout, &layer == &layers.back(), /*training=*/true, &layer);
  }
  const at::Tensor first = Leaf(x);
  BatchResult result;
  {
    const at::AutoGradMode record(true);
    const at::Tensor logits = HeadLogits(first, /*training=*/true);
    const at::Tensor loss = at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Sum);
    (loss * weight).backward();
    result = {loss.detach(), at::argmax(logits.detach(), /*dim=*/1).eq(labels).sum()};
  }
  at::Tensor dx = first.grad();
  for (; !layers.empty(); layers.pop_back()) dx = LayerBackward(batch, layers.back(), dx);
  EmbedBackward(batch, embedding, dx);
  return result;
}

at::Tensor TrainingNetwork::Logits(const PackedBatch& batch) const {
  const at::NoGradGuard no_grad;
  const AttentionLayout layout(batch, /*dropout=*/0.0);
  EmbeddingPass embedding;
  at::Tensor x = Embed(batch, /*training=*/false, &embedding);
  for (int layer = 1; layer <= config().num_hidden_layers; ++layer) {
    LayerPass pass;
    pass.x = x;
    x = RunLayer(batch, layout, layer == config().num_hidden_layers, /*training=*/false, &pass);
  }
  return HeadLogits(x, /*training=*/false);
}

}  // namespace newsgenre
