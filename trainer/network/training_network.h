// The network as it learns: forward and backward without padding, on the CPU and on a GPU by the same
// operators but for attention (attention_pass.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "common/model/albert.h"
#include "common/model/packed_batch.h"
#include "trainer/network/attention_pass.h"
#include "trainer/network/flat_parameters.h"
#include "trainer/network/trained_head.h"
#include "trainer/network/trained_linear.h"

namespace newsgenre {

// What a batch teaches. A classifier reads the texts' first rows, a masked-language model these.
struct Targets {
  at::Tensor labels = {};  // [texts], or [rows to read] with kNoLabel on padding: int64, on the device
  at::Tensor rows = {};    // [rows to read] int64, on the device, of the batch; undefined for a classifier
  int64_t padding = 0;     // so many labels are kNoLabel
};

// Owns fp32 weights and their gradients. In bf16 the products and activations are bf16, from a copy of the
// weights that Refresh makes, while weights and gradients stay fp32. The formulas are albert.h's with dropout
// where transformers has it; each backward formula stands beside its forward one. Chance (dropout) comes from
// torch's generator of the device. On the CPU padded rows of a batch (packed_batch.h) add nothing to a
// gradient; on a GPU there must be none: its attention leaves them undefined. One thread at a time; torch's
// exceptions pass and leave gradients in between.
class TrainingNetwork {
 public:
  // A copy of `model`, on `device`; `type`: at::kFloat or at::kBFloat16. By the fastest library, or by this.
  TrainingNetwork(const Albert& model, c10::Device device, at::ScalarType type)
      : TrainingNetwork(model, device, type, FastestProductLibrary(device)) {}
  TrainingNetwork(const Albert& model, c10::Device device, at::ScalarType type, ProductLibrary library);

  const FlatParameters& parameters() const { return parameters_; }
  const at::Tensor& gradients() const { return gradients_; }  // [count] fp32, as in parameters
  const AlbertConfig& config() const { return model_.config(); }
  const Albert& model() const { return model_; }  // shares the weights
  c10::Device device() const { return gradients_.device(); }
  // Who computes, for the record: "products by oneDNN, attention by AVX-512".
  std::string kernels() const;

  // After the weights changed: until then old and new ones would mix.
  void Refresh();
  void ZeroGradients();
  // The rows of the word embeddings that texts learnt from since then have, for Optimizer::Step.
  at::Tensor WordRows() const;

  // Adds the gradient of weight · (sum of the losses) to `gradients`.
  BatchResult AccumulateGradients(const PackedBatch& batch, const Targets& targets, double weight);
  // The same without dropout and without learning.
  BatchResult Evaluate(const PackedBatch& batch, const Targets& targets) const;
  // [texts, labels] or [rows, pieces], fp32, without dropout.
  at::Tensor Logits(const PackedBatch& batch) const;

 private:
  enum class Read { kAll, kFirst, kSome };  // rows of a layer's result; kFirst: of each text
  struct EmbeddingPass;
  struct LayerPass;
  // The maps in the order of the network.
  struct Maps {
    TrainedLinear mapping_in, key_query_value, dense, ffn, ffn_output;
    TrainedLinear key, query, value;  // of the last layer
  };

  Maps MakeMaps() const;
  at::Tensor Embed(const PackedBatch& batch, bool training, EmbeddingPass* pass) const;
  void EmbedBackward(const PackedBatch& batch, const EmbeddingPass& pass, const at::Tensor& dx) const;
  // Sets what the head reads of the last layer: of other rows only keys and values are computed, with kSome
  // also their attention.
  void ReadInLast(const PackedBatch& batch, const Targets& targets, LayerPass* last) const;
  at::Tensor RunLayer(const BatchAttention& attention, bool training, LayerPass* pass) const;
  at::Tensor LayerBackward(const BatchAttention& attention, const LayerPass& pass,
                           const at::Tensor& dy) const;
  at::Tensor Run(const PackedBatch& batch, const Targets& targets) const;
  // Whether the word embeddings are the head's weights, too: every row of them has gradients then.
  bool tied() const { return model_.head() == Head::kMaskedLm; }

  FlatParameters parameters_;
  Albert model_;
  at::ScalarType type_;
  ProductLibrary library_;
  at::Tensor gradients_;
  std::vector<at::Tensor> learnt_;  // the ids of each batch since ZeroGradients
  at::Tensor working_values_;       // [count] in type_, but for the embeddings; in fp32 the parameters' own
  AlbertWeights working_;           // in working_values_
  AlbertWeights gradient_views_;    // in gradients_
  Maps maps_;
  std::unique_ptr<TrainedHead> head_;
};

}  // namespace newsgenre
