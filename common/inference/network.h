// The network as a device runs it when it serves.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <vector>

#include "common/kernels/kernel_choice.h"
#include "common/model/albert.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// Owns its weights, in the layout that suits it. Immutable: any thread.
class Network {
 public:
  virtual ~Network() = default;
  // [texts, labels], fp32, on the batch's device, which is the network's. The caller holds a
  // c10::InferenceMode; torch's exceptions pass.
  virtual at::Tensor Logits(const PackedBatch& batch) const = 0;
  // What was chosen for each linear map; empty where there is no choice.
  virtual std::vector<KernelChoice> kernels() const { return {}; }
};

// The weights in a type, without autograd, each contiguous.
AlbertWeights CastWeights(AlbertWeights weights, c10::ScalarType type);

// What the embeddings add to a word's, [positions, embedding size]: the position's and, since a news item is
// one segment, those of token type 0.
at::Tensor PositionEmbeddings(const AlbertWeights& weights);

// Several maps of the same rows as one: their outputs side by side.
Affine ConcatLinear(const std::vector<Affine>& maps);

// [texts, labels] from the last layer's first tokens, [texts, hidden] fp32.
at::Tensor HeadLogits(const AlbertWeights& weights, const at::Tensor& first);

}  // namespace newsgenre
