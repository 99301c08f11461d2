// The ALBERT network (Lan et al. 2019, arXiv:1909.11942) with a head: factorized embeddings, and one layer
// with post-layer-norm whose weights all num_hidden_layers layers share. Batches have no padding. This is the
// plain implementation. The faster ones for serving (common/inference/network.h) and for training
// (trainer/network/training_network.h) are compared with it.
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

// Tensors by Hugging Face's names for AlbertForSequenceClassification, such as
// "albert.embeddings.word_embeddings.weight" and "classifier.bias", or for AlbertForMaskedLM, such as
// "predictions.bias", without its decoder, whose weight is the word embeddings and whose bias is
// "predictions.bias".
using TensorMap = std::map<std::string, at::Tensor>;

// The weights by their role in the network.
struct AlbertWeights {
  at::Tensor word_embeddings, position_embeddings, token_type_embeddings;
  Affine embeddings_norm, mapping_in;
  Affine query, key, value, dense, attention_norm;
  Affine ffn, ffn_output, layer_norm;
  Affine pooler;      // undefined except for Head::kPooler
  Affine classifier;  // undefined for Head::kMaskedLm
  // For Head::kMaskedLm, undefined for other heads. The output map's weight is word_embeddings.
  Affine prediction_dense, prediction_norm;
  at::Tensor prediction_bias;
};

// Returns the tensors of a complete network by their role. The tensors are shared, not copied.
AlbertWeights BindWeights(const TensorMap& tensors, Head head);

// Returns the name and shape of every weight of the network. `config` is valid.
std::map<std::string, std::vector<int64_t>> AlbertShapes(const AlbertConfig& config, Head head, int labels);

// Owns the weights. A copy shares them.
class Albert {
 public:
  // Returns a network with Normal(0, initializer_range) weights, zero biases and norm weights of one, as in
  // transformers. The same seed gives the same weights. `config` is valid. `labels` is the number of a
  // classifier's labels; a masked-language model ignores it.
  static Albert Random(const AlbertConfig& config, Head head, int labels, uint64_t seed);

  // Returns a network that owns `tensors`. They must be exactly the fp32 tensors with the names and shapes of
  // AlbertShapes. Otherwise returns FAILED_PRECONDITION with a tensor's name, its shape and the expected
  // shape. The checkpoint reader drops the additional tensors of a Hugging Face file.
  static absl::StatusOr<Albert> FromTensors(const AlbertConfig& config, Head head, int labels,
                                            TensorMap tensors);

  // Returns fp32 logits on the batch's device: [texts, labels], or [rows, vocabulary pieces] from a
  // masked-language model. Applies no dropout. Records for autograd if a weight requires a gradient.
  // Thread-safe. Throws torch's exceptions.
  at::Tensor Logits(const PackedBatch& batch) const;

  // The weights, shared with the network. An optimizer updates them and a checkpoint stores them.
  const TensorMap& parameters() const { return parameters_; }
  const AlbertWeights& weights() const { return weights_; }

  // These change the network and are not thread-safe.
  void SetRequiresGrad(bool requires_grad);
  void To(c10::Device device);

  const AlbertConfig& config() const { return config_; }
  Head head() const { return head_; }
  int labels() const { return labels_; }
  c10::Device device() const;

 private:
  Albert(const AlbertConfig& config, Head head, int labels, TensorMap parameters);

  at::Tensor Embed(const PackedBatch& batch) const;
  // Runs one layer for `queries`, which are all rows of its input `x` or the first row of each text. Each
  // query attends to all rows of its text.
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
