// The network in torch's operators, in one type throughout: how a GPU runs it.
#pragma once

#include <c10/core/ScalarType.h>

#include "common/inference/network.h"

namespace newsgenre {

class TensorNetwork : public Network {
 public:
  // On `model`'s device (any, so that it can be tested without a GPU), in fp32, bf16 or fp16.
  TensorNetwork(const Albert& model, c10::ScalarType type);

  // Also of a padded batch.
  at::Tensor Logits(const PackedBatch& batch) const override;

 private:
  at::Tensor Embed(const PackedBatch& batch) const;
  // Of the rows of `x`, which has the layer's context beside it.
  at::Tensor FinishLayer(const at::Tensor& x, const at::Tensor& context) const;
  at::Tensor Norm(const at::Tensor& x, const Affine& norm) const;

  const AlbertConfig config_;
  const AlbertWeights weights_;  // in the type, but for the head's
  const Affine query_key_value_;
  const Affine key_value_;
  const at::Tensor place_embeddings_;  // of a position and of token type 0 together
};

}  // namespace newsgenre
