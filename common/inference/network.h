// The network in the form that a device runs when it serves.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "common/inference/predict.h"
#include "common/kernels/kernel_choice.h"
#include "common/model/albert.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// Owns its weights, in the layout that suits the device. Immutable; safe to use from any thread.
class Network {
 public:
  virtual ~Network() = default;

  // Returns the [texts, labels] logits in fp32. The batch and the logits are on device(). The caller holds a
  // c10::InferenceMode. Throws torch's exceptions.
  virtual at::Tensor Logits(const PackedBatch& batch) const = 0;

  virtual c10::Device device() const = 0;

  // Returns the kernel of each linear map, or nothing if the device offers no choice.
  virtual std::vector<KernelChoice> kernels() const { return {}; }
};

// Returns the fastest network for `precision` on `model`'s device. On the CPU, packs the weights and chooses
// a kernel for each linear map. It takes the kernel from `kernels` (those of an earlier network of the same
// sizes and precision); if `kernels` names none that this CPU has, it times the candidates on the calling
// thread's CPU threads, which takes a second or two at base size on two cores. Returns INTERNAL or
// RESOURCE_EXHAUSTED if torch throws.
absl::StatusOr<std::shared_ptr<const Network>> MakeNetwork(const Albert& model, Precision precision,
                                                           const std::vector<KernelChoice>& kernels = {});

// Packs each batch and runs it through a network.
class NetworkForward : public Forward {
 public:
  explicit NetworkForward(std::shared_ptr<const Network> network) : network_(std::move(network)) {}

  at::Tensor Logits(const std::vector<const Encoding*>& batch) const override {
    return network_->Logits(PackBatch(batch, network_->device()));
  }

 private:
  const std::shared_ptr<const Network> network_;
};

// The parts that the implementations of Network share.

// Returns the weights in `type`, without autograd, each contiguous. The heads' weights keep their type.
AlbertWeights CastWeights(AlbertWeights weights, c10::ScalarType type);

// Returns the sum that is added to a token's word embedding, [positions, embedding size]: the position's
// embedding and that of token type 0, since a news item is a single segment.
at::Tensor PositionEmbeddings(const AlbertWeights& weights);

// Returns one linear map whose outputs are those of all `maps`, one after the other. The maps take the same
// input.
Affine ConcatLinear(const std::vector<Affine>& maps);

// Returns the [texts, labels] logits from the last layer's first tokens, [texts, hidden] fp32.
at::Tensor HeadLogits(const AlbertWeights& weights, const at::Tensor& first);

}  // namespace newsgenre
