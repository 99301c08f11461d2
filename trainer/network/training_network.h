// The network in training: forward and backward on packed batches, with the same operators on the CPU and on
// a GPU except for attention (attention_pass.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "common/model/albert.h"
#include "common/model/packed_batch.h"
#include "trainer/network/attention_pass.h"
#include "trainer/network/flat_parameters.h"
#include "trainer/network/training_head.h"
#include "trainer/network/training_linear.h"

namespace newsgenre {

// The labels of a batch, and the rows they belong to. All tensors are int64 and on the device.
struct Targets {
  at::Tensor labels = {};  // [texts] for a classifier, else [predictions] with kNoLabel on padding
  at::Tensor rows = {};    // [predictions]: the batch's row of each label; undefined for a classifier, which
                           // reads the first row of each text
  int64_t padding = 0;     // the number of labels that are kNoLabel
};

// Owns fp32 weights and their gradients. With type bf16, products and activations are bf16 and use a copy of
// the weights that Refresh makes; weights and gradients stay fp32. The formulas are those of albert.h, with
// dropout in the same places as in transformers. Dropout draws from torch's generator of the device.
//
// On the CPU, padding rows of a batch (packed_batch.h) add nothing to gradients. On a GPU a batch must not
// have any, because attention leaves them undefined.
//
// Not thread-safe. Throws torch's exceptions, after which the gradients are unspecified.
class TrainingNetwork {
 public:
  // Copies `model` to `device`. `type` is at::kFloat or at::kBFloat16. Uses the fastest product library
  // unless one is given.
  TrainingNetwork(const Albert& model, c10::Device device, at::ScalarType type)
      : TrainingNetwork(model, device, type, FastestProductLibrary(device)) {}
  TrainingNetwork(const Albert& model, c10::Device device, at::ScalarType type, ProductLibrary library);

  const FlatParameters& parameters() const { return parameters_; }
  const at::Tensor& gradients() const { return gradients_; }  // [count] fp32, in the layout of parameters()
  const AlbertConfig& config() const { return model_.config(); }
  const Albert& model() const { return model_; }  // shares the weights
  c10::Device device() const { return gradients_.device(); }
  // Returns the kernels in use, for reports: "products by oneDNN, attention by AVX-512".
  std::string kernels() const;

  // Must be called after the weights change. Until then the network uses a mixture of old and new weights.
  void Refresh();
  void ZeroGradients();
  // Returns the rows of the word embeddings that can have gradients since ZeroGradients, as Optimizer::Step
  // expects them: undefined for a masked-language model, whose head uses every row.
  at::Tensor WordRowsWithGradients() const;

  // Adds the gradient of weight · (sum of the losses) to gradients().
  BatchResult AccumulateGradients(const PackedBatch& batch, const Targets& targets, double weight);
  // Returns the same result, but without dropout and without any gradient.
  BatchResult Evaluate(const PackedBatch& batch, const Targets& targets) const;
  // Returns [texts, labels], or [rows, pieces] of a masked-language model, in fp32 and without dropout.
  at::Tensor Logits(const PackedBatch& batch) const;

 private:
  // Which rows of a layer's output are computed: all, the first of each text, or those in Targets::rows.
  enum class OutputRows { kAll, kFirst, kSelected };
  struct EmbeddingPass;
  struct LayerPass;
  // The linear maps in the order of the network.
  struct Linears {
    TrainingLinear mapping_in, key_query_value, dense, ffn, ffn_output;
    TrainingLinear key, query, value;  // of the last layer
  };

  Linears MakeLinears() const;
  at::Tensor Embed(const PackedBatch& batch, bool training, EmbeddingPass* pass) const;
  void EmbedBackward(const PackedBatch& batch, const EmbeddingPass& pass, const at::Tensor& dx) const;
  // Restricts the last layer's output to the rows that the head reads. Other rows only get keys and values;
  // with kSelected they get attention too.
  void SelectLastLayerRows(const PackedBatch& batch, const Targets& targets, LayerPass* last_layer) const;
  at::Tensor RunLayer(const BatchAttention& attention, bool training, LayerPass* pass) const;
  at::Tensor LayerBackward(const BatchAttention& attention, const LayerPass& pass,
                           const at::Tensor& dy) const;
  // Returns the head's input, without dropout.
  at::Tensor Run(const PackedBatch& batch, const Targets& targets) const;
  // Whether the head uses the word embeddings as weights. Then every row of them has gradients.
  bool tied() const { return model_.head() == Head::kMaskedLm; }

  FlatParameters parameters_;
  Albert model_;
  at::ScalarType type_;
  ProductLibrary library_;
  at::Tensor gradients_;
  std::vector<at::Tensor> accumulated_ids_;  // the token ids of each batch since ZeroGradients
  at::Tensor working_values_;  // [count] in type_: in fp32 the parameters' own memory, in bf16 a copy

  AlbertWeights working_;         // views of working_values_
  AlbertWeights gradient_views_;  // views of gradients_
  Linears linears_;
  std::unique_ptr<TrainingHead> head_;
};

}  // namespace newsgenre
