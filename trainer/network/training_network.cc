#include "trainer/network/training_network.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_unique.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/zeros_like.h>

#include <tuple>
#include <utility>

#include "trainer/network/passes.h"

namespace newsgenre {

struct TrainingNetwork::EmbeddingPass {
  NormPass norm;
  DropoutPass drop;
  at::Tensor narrow;  // [rows, embedding size], the input of mapping_in
};

struct TrainingNetwork::LayerPass {
  OutputRows output_rows = OutputRows::kAll;
  at::Tensor x;        // [rows, hidden], the layer's input
  at::Tensor rows;     // the rows of x whose output is computed; undefined if all are
  at::Tensor queries;  // these rows of x
  AttentionPass attention;
  at::Tensor context;  // attention's output for the queries
  DropoutPass drop;
  NormPass attention_norm;
  at::Tensor y;                // attention_norm's output
  at::Tensor wide, activated;  // ffn's output before and after the activation
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
      linears_(MakeLinears()),
      head_(MakeTrainingHead(model.config(), model.head(), {model_.weights(), working_, gradient_views_},
                             library)) {}

TrainingNetwork::Linears TrainingNetwork::MakeLinears() const {
  const auto linear = [&](Affine AlbertWeights::*map, ProductLibrary library) {
    return TrainingLinear(working_.*map, gradient_views_.*map, library);
  };
  using W = AlbertWeights;
  return {/*mapping_in=*/linear(&W::mapping_in, library_),
          /*key_query_value=*/
          TrainingLinear(parameters_.KeyQueryValue(working_values_), parameters_.KeyQueryValue(gradients_),
                         library_),
          /*dense=*/linear(&W::dense, library_),
          /*ffn=*/linear(&W::ffn, library_),
          /*ffn_output=*/linear(&W::ffn_output, library_),
          /*key=*/linear(&W::key, library_),
          // Not oneDNN, which prepares each new number of rows separately: the query has one row per text.
          /*query=*/linear(&W::query, ProductLibrary::kTorch),
          /*value=*/linear(&W::value, library_)};
}

std::string TrainingNetwork::kernels() const {
  return "products by " + ProductLibraryName(library_) + ", attention by " +
         AttentionKernel(device(), config().attention_probs_dropout_prob);
}

void TrainingNetwork::Refresh() {
  if (type_ != at::kFloat) {
    const auto used = [&](const at::Tensor& flat) {
      return tied() ? flat : parameters_.OtherParameters(flat);
    };
    used(working_values_).copy_(used(parameters_.values()));
  }
  head_->Refresh();
  for (const auto map : {&Linears::mapping_in, &Linears::key_query_value, &Linears::dense, &Linears::ffn,
                         &Linears::ffn_output, &Linears::key, &Linears::query, &Linears::value}) {
    (linears_.*map).Refresh();
  }
}

void TrainingNetwork::ZeroGradients() {
  if (!accumulated_ids_.empty()) {
    const at::Tensor rows = WordRowsWithGradients(), words = parameters_.WordEmbeddings(gradients_);
    rows.defined() ? words.index_fill_(0, rows, 0) : words.zero_();
  }
  parameters_.OtherParameters(gradients_).zero_();
  accumulated_ids_.clear();
}

at::Tensor TrainingNetwork::WordRowsWithGradients() const {
  if (tied()) return {};
  const at::Tensor ids = at::cat(accumulated_ids_).to(at::kLong);
  // On a GPU, removing duplicates would wait for the GPU.
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
  return linears_.mapping_in.Forward(pass->narrow);
}

void TrainingNetwork::EmbedBackward(const PackedBatch& batch, const EmbeddingPass& pass,
                                    const at::Tensor& dx) const {
  const at::Tensor dnarrow = linears_.mapping_in.Backward(dx, pass.narrow);
  const at::Tensor dsum =
      pass.norm
          .Backward(pass.drop.Backward(dnarrow), working_.embeddings_norm, gradient_views_.embeddings_norm)
          .to(at::kFloat);
  gradient_views_.word_embeddings.index_add_(0, batch.ids, dsum);
  gradient_views_.position_embeddings.index_add_(0, batch.positions, dsum);
  gradient_views_.token_type_embeddings[0].add_(dsum.sum(0));
}

at::Tensor TrainingNetwork::RunLayer(const BatchAttention& attention, bool training, LayerPass* pass) const {
  pass->queries = pass->output_rows == OutputRows::kAll ? pass->x : pass->x.index_select(0, pass->rows);
  std::vector<at::Tensor> projections;
  if (pass->output_rows == OutputRows::kFirst) {
    projections = {linears_.key.Forward(pass->x), linears_.query.Forward(pass->queries),
                   linears_.value.Forward(pass->x)};
  } else {
    projections = {linears_.key_query_value.Forward(pass->x)};
  }
  pass->context = pass->attention.Forward(attention, std::move(projections), training);
  if (pass->output_rows == OutputRows::kSelected) pass->context = pass->context.index_select(0, pass->rows);
  const at::Tensor attention_output =
      pass->drop.Forward(linears_.dense.Forward(pass->context), config().hidden_dropout_prob, training);
  const double epsilon = config().layer_norm_eps;
  pass->y = pass->attention_norm.Forward(pass->queries + attention_output, working_.attention_norm, epsilon);
  pass->wide = linears_.ffn.Forward(pass->y);
  pass->activated = at::gelu(pass->wide, GeluKind(config().hidden_act));
  return pass->layer_norm.Forward(linears_.ffn_output.Forward(pass->activated) + pass->y, working_.layer_norm,
                                  epsilon);
}

at::Tensor TrainingNetwork::LayerBackward(const BatchAttention& attention, const LayerPass& pass,
                                          const at::Tensor& dy) const {
  const at::Tensor dsum = pass.layer_norm.Backward(dy, working_.layer_norm, gradient_views_.layer_norm);
  const at::Tensor dactivated = linears_.ffn_output.Backward(dsum, pass.activated);
  const at::Tensor dwide = at::gelu_backward(dactivated, pass.wide, GeluKind(config().hidden_act));
  const at::Tensor dattention_output =
      pass.attention_norm.Backward(linears_.ffn.Backward(dwide, pass.y).add_(dsum), working_.attention_norm,
                                   gradient_views_.attention_norm);
  at::Tensor dcontext = linears_.dense.Backward(pass.drop.Backward(dattention_output), pass.context);
  if (pass.output_rows == OutputRows::kSelected) {
    dcontext = at::zeros_like(pass.x).index_add_(0, pass.rows, dcontext);
  }
  const std::vector<at::Tensor> gradients = pass.attention.Backward(attention, dcontext);
  if (pass.output_rows != OutputRows::kFirst) {
    const at::Tensor dx = linears_.key_query_value.Backward(gradients[0], pass.x);
    return pass.output_rows == OutputRows::kAll ? dx.add_(dattention_output)
                                                : dx.index_add_(0, pass.rows, dattention_output);
  }
  const at::Tensor dx =
      linears_.key.Backward(gradients[0], pass.x).add_(linears_.value.Backward(gradients[2], pass.x));
  return dx.index_add_(0, pass.rows,
                       linears_.query.Backward(gradients[1], pass.queries).add_(dattention_output));
}

BatchResult TrainingNetwork::AccumulateGradients(const PackedBatch& batch, const Targets& targets,
                                                 double weight) {
  const at::NoGradGuard no_grad;
  const BatchAttention attention(batch, config().num_attention_heads, config().attention_probs_dropout_prob);
  accumulated_ids_.push_back(batch.ids);
  EmbeddingPass embedding;
  std::vector<LayerPass> layers(config().num_hidden_layers);
  SelectLastLayerRows(batch, targets, &layers.back());
  at::Tensor x = Embed(batch, /*training=*/true, &embedding);
  for (LayerPass& layer : layers) {
    layer.x = x;
    x = RunLayer(attention, /*training=*/true, &layer);
  }
  BatchResult result;
  at::Tensor dx = head_->AccumulateGradients(x, targets.labels, weight, &result);
  result.count = targets.labels.size(0) - targets.padding;
  for (; !layers.empty(); layers.pop_back()) dx = LayerBackward(attention, layers.back(), dx);
  EmbedBackward(batch, embedding, dx);
  return result;
}

at::Tensor TrainingNetwork::Logits(const PackedBatch& batch) const {
  const at::NoGradGuard no_grad;
  return head_->Logits(Run(batch, {}));
}

BatchResult TrainingNetwork::Evaluate(const PackedBatch& batch, const Targets& targets) const {
  const at::NoGradGuard no_grad;
  BatchResult result = head_->Evaluate(Run(batch, targets), targets.labels);
  result.count = targets.labels.size(0) - targets.padding;
  return result;
}

void TrainingNetwork::SelectLastLayerRows(const PackedBatch& batch, const Targets& targets,
                                          LayerPass* last_layer) const {
  if (!tied()) {
    last_layer->output_rows = OutputRows::kFirst;
    last_layer->rows = batch.first_rows;
  } else if (targets.rows.defined()) {
    last_layer->output_rows = OutputRows::kSelected;
    last_layer->rows = targets.rows;
  }
}

at::Tensor TrainingNetwork::Run(const PackedBatch& batch, const Targets& targets) const {
  const BatchAttention attention(batch, config().num_attention_heads, /*dropout=*/0.0);
  EmbeddingPass embedding;
  at::Tensor x = Embed(batch, /*training=*/false, &embedding);
  for (int layer = 1; layer <= config().num_hidden_layers; ++layer) {
    LayerPass pass;
    pass.x = x;
    if (layer == config().num_hidden_layers) SelectLastLayerRows(batch, targets, &pass);
    x = RunLayer(attention, /*training=*/false, &pass);
  }
  return x;
}

}  // namespace newsgenre
