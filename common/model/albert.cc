#include "common/model/albert.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/model/attention.h"

namespace newsgenre {
namespace {

constexpr char kEmbeddings[] = "albert.embeddings.";
constexpr char kMappingIn[] = "albert.encoder.embedding_hidden_mapping_in";
// All layers share the weights of this one.
constexpr char kLayer[] = "albert.encoder.albert_layer_groups.0.albert_layers.0.";

std::string ShapeText(c10::IntArrayRef shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

}  // namespace

std::map<std::string, std::vector<int64_t>> AlbertShapes(const AlbertConfig& config, Head head, int labels) {
  const std::string embeddings = kEmbeddings, layer = kLayer;
  const int64_t narrow = config.embedding_size, hidden = config.hidden_size, wide = config.intermediate_size;
  std::map<std::string, std::vector<int64_t>> shapes = {
      {embeddings + "word_embeddings.weight", {config.vocab_size, narrow}},
      {embeddings + "position_embeddings.weight", {config.max_position_embeddings, narrow}},
      {embeddings + "token_type_embeddings.weight", {config.type_vocab_size, narrow}},
  };
  const auto add_norm = [&](const std::string& name, int64_t size) {
    shapes[name + ".weight"] = shapes[name + ".bias"] = {size};
  };
  const auto add_linear = [&](const std::string& name, int64_t in, int64_t out) {
    shapes[name + ".weight"] = {out, in};
    shapes[name + ".bias"] = {out};
  };
  add_norm(embeddings + "LayerNorm", narrow);
  add_linear(kMappingIn, narrow, hidden);
  for (const char* name : {"query", "key", "value", "dense"}) {
    add_linear(layer + "attention." + name, hidden, hidden);
  }
  add_norm(layer + "attention.LayerNorm", hidden);
  add_linear(layer + "ffn", hidden, wide);
  add_linear(layer + "ffn_output", wide, hidden);
  add_norm(layer + "full_layer_layer_norm", hidden);
  if (head == Head::kPooler) add_linear("albert.pooler", hidden, hidden);
  if (head != Head::kMaskedLm) {
    add_linear("classifier", hidden, labels);
    return shapes;
  }
  add_linear("predictions.dense", hidden, narrow);
  add_norm("predictions.LayerNorm", narrow);
  shapes["predictions.bias"] = {config.vocab_size};
  return shapes;
}

Albert Albert::Random(const AlbertConfig& config, Head head, int labels, uint64_t seed) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  TensorMap parameters;
  for (const auto& [name, shape] : AlbertShapes(config, head, labels)) {
    if (absl::EndsWith(name, ".bias")) {
      parameters[name] = at::zeros(shape, at::kFloat);
    } else if (shape.size() == 1) {
      parameters[name] = at::ones(shape, at::kFloat);
    } else {
      parameters[name] = at::empty(shape, at::kFloat).normal_(0, config.initializer_range, generator);
    }
  }
  return Albert(config, head, labels, std::move(parameters));
}

absl::StatusOr<Albert> Albert::FromTensors(const AlbertConfig& config, Head head, int labels,
                                           TensorMap tensors) {
  const auto shapes = AlbertShapes(config, head, labels);
  for (const auto& [name, shape] : shapes) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      return absl::FailedPreconditionError(absl::StrCat("tensor ", name, " is missing"));
    }
    if (found->second.sizes() != c10::IntArrayRef(shape)) {
      return absl::FailedPreconditionError(absl::StrCat("tensor ", name, " has shape ",
                                                        ShapeText(found->second.sizes()),
                                                        "; the config asks for ", ShapeText(shape)));
    }
    if (found->second.scalar_type() != at::kFloat) {
      return absl::FailedPreconditionError(absl::StrCat("tensor ", name, " is not fp32"));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (shapes.count(name) == 0) {
      return absl::FailedPreconditionError(absl::StrCat("tensor ", Printable(name),
                                                        " does not belong to an ALBERT with head ",
                                                        std::string(HeadName(head))));
    }
  }
  return Albert(config, head, labels, std::move(tensors));
}

Albert::Albert(const AlbertConfig& config, Head head, int labels, TensorMap parameters)
    : config_(config),
      head_(head),
      labels_(labels),
      parameters_(std::move(parameters)),
      weights_(BindWeights(parameters_, head)) {}

AlbertWeights BindWeights(const TensorMap& tensors, Head head) {
  const std::string embeddings = kEmbeddings, layer = kLayer;
  const auto affine = [&](const std::string& name) {
    return Affine{tensors.at(name + ".weight"), tensors.at(name + ".bias")};
  };
  AlbertWeights weights;
  weights.word_embeddings = tensors.at(embeddings + "word_embeddings.weight");
  weights.position_embeddings = tensors.at(embeddings + "position_embeddings.weight");
  weights.token_type_embeddings = tensors.at(embeddings + "token_type_embeddings.weight");
  weights.embeddings_norm = affine(embeddings + "LayerNorm");
  weights.mapping_in = affine(kMappingIn);
  weights.query = affine(layer + "attention.query");
  weights.key = affine(layer + "attention.key");
  weights.value = affine(layer + "attention.value");
  weights.dense = affine(layer + "attention.dense");
  weights.attention_norm = affine(layer + "attention.LayerNorm");
  weights.ffn = affine(layer + "ffn");
  weights.ffn_output = affine(layer + "ffn_output");
  weights.layer_norm = affine(layer + "full_layer_layer_norm");
  if (head == Head::kPooler) weights.pooler = affine("albert.pooler");
  if (head != Head::kMaskedLm) {
    weights.classifier = affine("classifier");
    return weights;
  }
  weights.prediction_dense = affine("predictions.dense");
  weights.prediction_norm = affine("predictions.LayerNorm");
  weights.prediction_bias = tensors.at("predictions.bias");
  return weights;
}

at::Tensor Albert::Logits(const PackedBatch& batch) const {
  const AttentionLayout layout(batch, /*dropout=*/0.0);
  at::Tensor x = Embed(batch);
  for (int layer = 1; layer < config_.num_hidden_layers; ++layer) x = RunLayer(x, x, layout);
  if (head_ == Head::kMaskedLm) {
    x = RunLayer(x, x, layout);
    x = Activate(at::linear(x, weights_.prediction_dense.weight, weights_.prediction_dense.bias));
    return at::linear(Norm(x, weights_.prediction_norm), weights_.word_embeddings, weights_.prediction_bias);
  }
  // The other heads read only the last layer's first tokens, so the last layer computes no others.
  x = RunLayer(x, x.index_select(0, batch.first_rows), layout);
  if (head_ == Head::kPooler) x = at::tanh(at::linear(x, weights_.pooler.weight, weights_.pooler.bias));
  return at::linear(x, weights_.classifier.weight, weights_.classifier.bias);
}

at::Tensor Albert::Embed(const PackedBatch& batch) const {
  // A news item is a single segment, which has token type 0.
  const at::Tensor x = at::embedding(weights_.word_embeddings, batch.ids) +
                       weights_.token_type_embeddings[0] +
                       at::embedding(weights_.position_embeddings, batch.positions);
  return at::linear(Norm(x, weights_.embeddings_norm), weights_.mapping_in.weight, weights_.mapping_in.bias);
}

at::Tensor Albert::RunLayer(const at::Tensor& x, const at::Tensor& queries,
                            const AttentionLayout& layout) const {
  const auto linear = [](const at::Tensor& in, const Affine& map) {
    return at::linear(in, map.weight, map.bias);
  };
  const at::Tensor context = layout.Attend(linear(queries, weights_.query), linear(x, weights_.key),
                                           linear(x, weights_.value), config_.num_attention_heads);
  const at::Tensor y = Norm(queries + linear(context, weights_.dense), weights_.attention_norm);
  return Norm(linear(Activate(linear(y, weights_.ffn)), weights_.ffn_output) + y, weights_.layer_norm);
}

at::Tensor Albert::Activate(const at::Tensor& x) const { return at::gelu(x, GeluKind(config_.hidden_act)); }

at::Tensor Albert::Norm(const at::Tensor& x, const Affine& norm) const {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, config_.layer_norm_eps);
}

void Albert::SetRequiresGrad(bool requires_grad) {
  for (auto& [name, parameter] : parameters_) parameter.requires_grad_(requires_grad);
}

void Albert::To(c10::Device device) {
  for (auto& [name, parameter] : parameters_) {
    parameter = parameter.detach().to(device).requires_grad_(parameter.requires_grad());
  }
  weights_ = BindWeights(parameters_, head_);
}

c10::Device Albert::device() const { return weights_.word_embeddings.device(); }

}  // namespace newsgenre
