// A dataset in the memory of the training device.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "common/model/packed_batch.h"
#include "trainer/data/dataset.h"
#include "trainer/data/epoch_plan.h"

namespace newsgenre {

struct LabelledBatch {
  PackedBatch texts;
  at::Tensor labels;  // [texts] int64, on the device
};

// Owns all ids in one tensor on the device. A training step sends only its row numbers to the device and does
// not wait for it. Immutable; safe to use from any thread. Throws torch's exceptions.
class DeviceDataset {
 public:
  DeviceDataset(const Dataset& data, c10::Device device);

  // Returns the batch of these texts (at least one), in this order. On the CPU, pads the tokens to a multiple
  // of kRowMultiple (packed_batch.h): oneDNN prepares each new number of tokens separately, which takes
  // time.
  LabelledBatch Batch(const RowBatch& rows) const;

 private:
  std::vector<int64_t> starts_;
  at::Tensor ids_;            // [tokens] int32
  at::Tensor device_starts_;  // [texts + 1] int64: index of each text's first token, and the total
  at::Tensor lengths_;        // [texts] int64
  at::Tensor labels_;         // [texts] int64
};

}  // namespace newsgenre
