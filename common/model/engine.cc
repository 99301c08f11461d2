#include "common/model/engine.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/status_macros.h"
#include "common/model/attention.h"
#include "common/model/cpu_attention.h"
#include "common/model/device.h"
#include "common/model/linear_kernel.h"

namespace newsgenre {
namespace {

using Kernel = std::shared_ptr<const LinearKernel>;

// Several maps of the same rows as one product.
Affine Stack(const std::vector<Affine>& maps) {
  std::vector<at::Tensor> weights, biases;
  for (const Affine& map : maps) {
    weights.push_back(map.weight);
    biases.push_back(map.bias);
  }
  return {at::cat(weights), at::cat(biases)};
}

// On the CPU a batch of more tokens runs in pieces, since what passes from one product to the next would
// leave the caches: 256 tokens a thread at base size, where no product gets faster either.
int64_t MostTokensOfPiece(const AlbertConfig& config) {
  constexpr int64_t kValuesOfThread = 256 * 6144;
  return at::get_num_threads() * kValuesOfThread / (4 * config.hidden_size + config.intermediate_size);
}

// Those texts of a batch on the CPU, as a batch.
PackedBatch Piece(const PackedBatch& batch, int64_t first, int64_t end) {
  const int64_t start = batch.starts[first], tokens = batch.starts[end] - start;
  PackedBatch piece;
  piece.ids = batch.ids.narrow(0, start, tokens);
  piece.positions = batch.positions.narrow(0, start, tokens);
  for (int64_t text = first; text <= end; ++text) piece.starts.push_back(batch.starts[text] - start);
  piece.first_rows = batch.first_rows.narrow(0, first, end - first) - start;
  piece.device_starts = batch.device_starts.narrow(0, first, end - first + 1) - start;
  piece.max_length = batch.max_length;
  return piece;
}

// How the texts of one batch attend; the same for all layers.
class Attention {
 public:
  Attention(const PackedBatch& batch, int64_t heads) : batch_(batch), heads_(heads) {
    if (!batch.ids.is_cpu()) layout_.emplace(batch, /*dropout=*/0.0);
  }
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
    return layout_ ? layout_->Attend(q, k, v, heads_) : AttendOnCpu(batch_, q, k, v, heads_);
  }

 private:
  const PackedBatch& batch_;
  const int64_t heads_;
  std::optional<AttentionLayout> layout_;
};

}  // namespace

struct Engine::Impl {
  Impl(const Albert& model, Precision precision);

  at::Tensor Logits(const PackedBatch& batch) const;
  at::Tensor Embed(const PackedBatch& batch) const;
  at::Tensor RunLayer(const at::Tensor& x, const Attention& attend) const;
  at::Tensor RunLastLayer(const at::Tensor& x, const at::Tensor& first_rows, const Attention& attend) const;
  at::Tensor FinishLayer(const at::Tensor& x, const at::Tensor& context) const;
  at::Tensor Norm(const at::Tensor& x, const Affine& norm) const;
  Kernel Choose(LinearMap map);

  const AlbertConfig config;
  const Head head;
  const Precision precision;
  const c10::Device device;
  std::vector<KernelChoice> choices;
  Kernel mapping_in, qkv, dense, ffn, ffn_output;
  Kernel last_query, last_key_value;
  at::Tensor word_embeddings, place_embeddings;  // of a position and of token type 0 together
  Affine embeddings_norm, attention_norm, layer_norm;
  Affine pooler, classifier;  // fp32
};

Engine::Impl::Impl(const Albert& model, Precision precision)
    : config(model.config()), head(model.head()), precision(precision), device(model.device()) {
  const AlbertWeights& weights = model.weights();
  const After gelu = config.hidden_act == Activation::kGeluNew ? After::kGeluTanh : After::kGelu;
  mapping_in = Choose({"mapping_in", weights.mapping_in});
  qkv = Choose({"qkv", Stack({weights.query, weights.key, weights.value})});
  dense = Choose({"dense", weights.dense, After::kAddResidual});
  ffn = Choose({"ffn", weights.ffn, gelu});
  ffn_output = Choose({"ffn_output", weights.ffn_output, After::kAddResidual});
  last_query = Choose({"last_query", weights.query});
  last_key_value = Choose({"last_key_value", Stack({weights.key, weights.value})});

  const at::ScalarType type = NetworkType(precision);
  const auto in_type = [&](const Affine& norm) {
    return Affine{norm.weight.detach().to(type), norm.bias.detach().to(type)};
  };
  word_embeddings = weights.word_embeddings.detach().to(type);
  // A news item is one segment: token type 0.
  place_embeddings = (weights.position_embeddings + weights.token_type_embeddings[0]).detach().to(type);
  embeddings_norm = in_type(weights.embeddings_norm);
  attention_norm = in_type(weights.attention_norm);
  layer_norm = in_type(weights.layer_norm);
  pooler = weights.pooler;
  classifier = weights.classifier;
}

Kernel Engine::Impl::Choose(LinearMap map) {
  map.affine = {map.affine.weight.detach(), map.affine.bias.detach()};
  const TimedKernel chosen = ChooseLinearKernel(map, precision);
  choices.push_back({map.name, chosen.kernel->name(), chosen.small_gflops, chosen.large_gflops});
  return chosen.kernel;
}

at::Tensor Engine::Impl::Norm(const at::Tensor& x, const Affine& norm) const {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, config.layer_norm_eps);
}

at::Tensor Engine::Impl::Embed(const PackedBatch& batch) const {
  const at::Tensor x =
      at::embedding(word_embeddings, batch.ids) + at::embedding(place_embeddings, batch.positions);
  return mapping_in->Run(Norm(x, embeddings_norm), {});
}

at::Tensor Engine::Impl::RunLayer(const at::Tensor& x, const Attention& attend) const {
  const auto parts = qkv->Run(x, {}).chunk(3, 1);
  return FinishLayer(x, attend(parts[0], parts[1], parts[2]));
}

at::Tensor Engine::Impl::RunLastLayer(const at::Tensor& x, const at::Tensor& first_rows,
                                      const Attention& attend) const {
  const auto parts = last_key_value->Run(x, {}).chunk(2, 1);
  const at::Tensor first = x.index_select(0, first_rows);
  return FinishLayer(first, attend(last_query->Run(first, {}), parts[0], parts[1]));
}

at::Tensor Engine::Impl::FinishLayer(const at::Tensor& x, const at::Tensor& context) const {
  const at::Tensor y = Norm(dense->Run(context, x), attention_norm);
  return Norm(ffn_output->Run(ffn->Run(y, {}), y), layer_norm);
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

at::Tensor Engine::Impl::Logits(const PackedBatch& batch) const {
  const Attention attend(batch, config.num_attention_heads);
  at::Tensor x = Embed(batch);
  for (int layer = 1; layer < config.num_hidden_layers; ++layer) x = RunLayer(x, attend);
  // The heads read the last layer's first tokens only: nothing else of it is computed.
  x = RunLastLayer(x, batch.first_rows, attend).to(at::kFloat);
  if (head == Head::kPooler) x = at::tanh(at::linear(x, pooler.weight, pooler.bias));
  return at::linear(x, classifier.weight, classifier.bias);
}

at::Tensor Engine::Logits(const PackedBatch& batch) const {
  const int64_t most = MostTokensOfPiece(impl_->config);
  if (!batch.ids.is_cpu() || batch.tokens() <= most || batch.tokens() < batch.rows()) {
    return impl_->Logits(batch);
  }
  // Of about the same number of tokens each.
  const int64_t pieces = (batch.tokens() - 1) / most + 1;
  std::vector<at::Tensor> logits;
  for (int64_t piece = 1, first = 0; piece <= pieces; ++piece) {
    const int64_t token = batch.tokens() * piece / pieces;
    const auto end = std::lower_bound(batch.starts.begin() + first, batch.starts.end(), token);
    const int64_t last = end - batch.starts.begin();
    if (last > first) logits.push_back(impl_->Logits(Piece(batch, first, last)));
    first = last;
  }
  return at::cat(logits);
}

Precision Engine::precision() const { return impl_->precision; }
c10::Device Engine::device() const { return impl_->device; }
const std::vector<KernelChoice>& Engine::kernels() const { return impl_->choices; }

}  // namespace newsgenre
