#include "common/model/packed_batch.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace newsgenre {

PackedBatch PackBatch(const std::vector<const Encoding*>& encodings, c10::Device device) {
  PackedBatch batch;
  batch.starts.reserve(encodings.size() + 1);
  batch.starts.push_back(0);
  for (const Encoding* encoding : encodings) {
    batch.starts.push_back(batch.tokens() + static_cast<int64_t>(encoding->ids.size()));
  }

  const int64_t tokens = batch.tokens();
  const int64_t starts = batch.texts() + 1;
  at::Tensor packed =
      at::empty({2 * tokens + starts}, at::TensorOptions(at::kLong).pinned_memory(device.is_cuda()));
  int64_t* id = packed.mutable_data_ptr<int64_t>();
  int64_t* position = id + tokens;
  std::copy(batch.starts.begin(), batch.starts.end(), position + tokens);
  for (const Encoding* encoding : encodings) {
    id = std::copy(encoding->ids.begin(), encoding->ids.end(), id);
    std::iota(position, position + encoding->ids.size(), 0);
    position += encoding->ids.size();
  }
  packed = packed.to(device, /*non_blocking=*/true);
  batch.ids = packed.narrow(0, 0, tokens);
  batch.positions = packed.narrow(0, tokens, tokens);
  batch.device_starts = packed.narrow(0, 2 * tokens, starts);
  return batch;
}

}  // namespace newsgenre
