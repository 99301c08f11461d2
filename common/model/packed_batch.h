// A batch without padding: the tokens of all texts in one row, and where each text starts.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "common/text/tokenizer.h"

namespace newsgenre {

struct PackedBatch {
  at::Tensor ids;               // [tokens] int64, on the device
  at::Tensor positions;         // [tokens] int64, on the device: 0, 1, … within each text
  std::vector<int64_t> starts;  // texts + 1 entries: text i holds tokens starts[i] … starts[i + 1] - 1
  at::Tensor device_starts;     // [texts + 1] int64, on the device: the same
  int64_t texts() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t tokens() const { return starts.back(); }
  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
};

// `encodings`: at least one, each with at least one id. All of it goes to a GPU in one copy, from pinned
// memory, for which the CPU does not wait. Any thread.
PackedBatch PackBatch(const std::vector<const Encoding*>& encodings, c10::Device device);

}  // namespace newsgenre
