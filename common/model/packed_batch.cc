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

  at::Tensor ids_and_positions = at::empty({2, batch.tokens()}, at::kLong);
  int64_t* id = ids_and_positions.mutable_data_ptr<int64_t>();
  int64_t* position = id + batch.tokens();
  for (const Encoding* encoding : encodings) {
    id = std::copy(encoding->ids.begin(), encoding->ids.end(), id);
    std::iota(position, position + encoding->ids.size(), 0);
    position += encoding->ids.size();
  }
  ids_and_positions = ids_and_positions.to(device);
  batch.ids = ids_and_positions[0];
  batch.positions = ids_and_positions[1];
  return batch;
}

}  // namespace newsgenre
