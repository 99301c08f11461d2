// The network ready to serve: ALBERT's formulas as in albert.h, each linear map on the fastest kernel that
// its precision has on its device.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "common/model/kernel_choice.h"
#include "common/model/packed_batch.h"
#include "common/model/precision.h"

namespace newsgenre {

// Owns its weights, in the layout of its kernels; a copy shares them. Immutable: any thread.
class Engine {
 public:
  // On `model`'s device. Packs the weights and times the kernels on the calling thread's CPU threads: a
  // second or two at base size on two cores. INTERNAL or RESOURCE_EXHAUSTED where torch fails.
  static absl::StatusOr<Engine> Build(const Albert& model, Precision precision);

  // [texts, labels], fp32, on the batch's device, which is the engine's. The caller holds a
  // c10::InferenceMode; torch's exceptions pass (see CatchTorch).
  at::Tensor Logits(const PackedBatch& batch) const;

  Precision precision() const;
  c10::Device device() const;
  // What was chosen for each linear map, in the order in which a batch meets them.
  const std::vector<KernelChoice>& kernels() const;

 private:
  struct Impl;
  explicit Engine(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace newsgenre
