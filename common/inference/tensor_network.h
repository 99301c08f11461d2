// The network as a GPU runs it: torch's operators, in one type throughout.
#pragma once

#include <c10/core/ScalarType.h>

#include "common/inference/network.h"

namespace newsgenre {

class TensorNetwork : public Network {
 public:
  // `model` can be on any device, so that tests need no GPU. `type` is fp32, bf16 or fp16.
  TensorNetwork(const Albert& model, c10::ScalarType type);

  // Accepts padded batches.
  at::Tensor Logits(const PackedBatch& batch) const override;
  c10::Device device() const override { return weights_.word_embeddings.device(); }

 private:
  at::Tensor Embed(const PackedBatch& batch) const;
  // Returns the layer's output for the rows of its input `x` and their attention output `context`.
  at::Tensor FinishLayer(const at::Tensor& x, const at::Tensor& context) const;
  at::Tensor Norm(const at::Tensor& x, const Affine& norm) const;

  const AlbertConfig config_;
  const AlbertWeights weights_;  // in the constructor's type, except the heads', which are in fp32
  const Affine query_key_value_;
  const Affine key_value_;
  const at::Tensor position_embeddings_;  // as in PositionEmbeddings
};

}  // namespace newsgenre
