// The network ready to serve: ALBERT's formulas as in albert.h, by the fastest means that a device has for a
// precision.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "common/inference/network.h"
#include "common/kernels/kernel_choice.h"
#include "common/model/albert.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// A copy shares the network. Immutable: any thread.
class Engine {
 public:
  // On `model`'s device. On the CPU it packs the weights and times the kernels on the calling thread's CPU
  // threads: a second or two at base size on two cores. INTERNAL or RESOURCE_EXHAUSTED where torch fails.
  static absl::StatusOr<Engine> Build(const Albert& model, Precision precision);

  // As Network::Logits.
  at::Tensor Logits(const PackedBatch& batch) const { return network_->Logits(batch); }

  Precision precision() const { return precision_; }
  c10::Device device() const { return device_; }
  // As Network::kernels.
  std::vector<KernelChoice> kernels() const { return network_->kernels(); }

 private:
  Engine(std::shared_ptr<const Network> network, Precision precision, c10::Device device)
      : network_(std::move(network)), precision_(precision), device_(device) {}

  std::shared_ptr<const Network> network_;
  Precision precision_;
  c10::Device device_;
};

}  // namespace newsgenre
