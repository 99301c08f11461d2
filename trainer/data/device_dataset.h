// A data set on the device that learns from it.
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

// Owns all ids as one array on the device: a step sends the numbers of its rows there, and nothing waits.
// Immutable: any thread; torch's exceptions pass.
class DeviceDataset {
 public:
  DeviceDataset(const Dataset& data, c10::Device device);

  // These rows (at least one), in this order. On the CPU the tokens are padded to a multiple of kRowMultiple
  // rows (packed_batch.h), so that oneDNN sees few numbers of rows: each new one costs it time.
  LabelledBatch Batch(const RowBatch& rows) const;

 private:
  std::vector<int64_t> starts_;
  at::Tensor ids_;            // [tokens] int32
  at::Tensor device_starts_;  // [texts] int64: of each text's first token
  at::Tensor lengths_;        // [texts] int64
  at::Tensor labels_;         // [texts] int64
};

}  // namespace newsgenre
