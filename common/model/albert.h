// The network: ALBERT (Lan et al. 2019, arXiv:1909.11942) with a head, padding-free.
// Factorised embeddings, one shared layer run num_hidden_layers times, post-layer-norm. Its plain form, that
// the fast ones for serving (engine.h) and training (trainer/network/training_network.h) are held against.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kernels/affine.h"
#include "common/model/albert_config.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

class AttentionLayout;

// Tensors by Hugging Face's names for AlbertForSequenceClassification, or AlbertForMaskedLM without those
// that it shares: "albert.embeddings.word_embeddings.weight" … "classifier.bias" or "predictions.bias".
using TensorMap = std::map<std::string, at::Tensor>;

// The weights, each in its place in the network.
struct AlbertWeights {
  at::Tensor word_embeddings, position_embeddings, token_type_embeddings;
  Affine embeddings_norm, mapping_in;
  Affine query, key, value, dense, attention_norm;
  Affine ffn, ffn_output, layer_norm;
  Affine pooler;  // undefined without it
  Affine classifier;
  // Of Head::kMaskedLm, undefined in others; the last map's weight is the word embeddings.
  Affine prediction_dense, prediction_norm;
  at::Tensor prediction_bias;
};

// The tensors of a whole network by their places in it, shared.
AlbertWeights BindWeights(const TensorMap& tensors, Head head);

// Every weight of the network with its shape. `config` is valid.
std::map<std::string, std::vector<int64_t>> AlbertShapes(const AlbertConfig& config, Head head, int labels);

// Owns the weights; a copy shares them.
class Albert {
 public:
  // Normal(0, initializer_range) weights, zero biases, norms at one, as in transformers. The same seed gives
  // the same weights. `config` is valid. `labels`: of a classifier; a masked-language model has a piece each.
  static Albert Random(const AlbertConfig& config, Head head, int labels, uint64_t seed);

  // Takes fp32 tensors. Every tensor must be there with the shape that `config` gives it, and no other:
  // FAILED_PRECONDITION names the tensor, its shape and the right one. (What a Hugging Face file may hold
  // besides is dropped by the checkpoint reader.)
  static absl::StatusOr<Albert> FromTensors(const AlbertConfig& config, Head head, int labels,
                                            TensorMap tensors);

  // [texts, labels], or [rows, pieces] of a masked-language model, fp32, on the batch's device; no dropout.
  // Autograd records where a weight requires a gradient. The weights are not changed: any thread.
  at::Tensor Logits(const PackedBatch& batch) const;

  // The weights, shared with the network: what an optimizer steps and a checkpoint stores.
  const TensorMap& parameters() const { return parameters_; }
  const AlbertWeights& weights() const { return weights_; }
  void SetRequiresGrad(bool requires_grad);
  void To(c10::Device device);

  const AlbertConfig& config() const { return config_; }
  Head head() const { return head_; }
  int labels() const { return labels_; }
  c10::Device device() const;

 private:
  Albert(const AlbertConfig& config, Head head, int labels, TensorMap parameters);

  at::Tensor Embed(const PackedBatch& batch) const;
  at::Tensor RunLayer(const at::Tensor& x, const at::Tensor& queries, const AttentionLayout& layout) const;
  at::Tensor Norm(const at::Tensor& x, const Affine& norm) const;
  at::Tensor Activate(const at::Tensor& x) const;

  AlbertConfig config_;
  Head head_;
  int labels_;
  TensorMap parameters_;
  AlbertWeights weights_;  // the tensors of parameters_
};

}  // namespace newsgenre
