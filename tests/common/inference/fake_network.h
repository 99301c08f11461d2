// A Network on the CPU that calls a function of the test.
#pragma once

#include <functional>
#include <utility>

#include "common/inference/network.h"

namespace newsgenre {

class FakeNetwork : public Network {
 public:
  using Function = std::function<at::Tensor(const PackedBatch& batch)>;

  explicit FakeNetwork(Function logits) : logits_(std::move(logits)) {}

  at::Tensor Logits(const PackedBatch& batch) const override { return logits_(batch); }
  c10::Device device() const override { return c10::kCPU; }

 private:
  const Function logits_;
};

}  // namespace newsgenre
