#include "common/model/packed_batch.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace newsgenre {

at::Tensor SendTo(c10::Device device, const at::Tensor& tensor) {
  const at::Tensor from = device.is_cuda() && !tensor.is_pinned() ? tensor.pin_memory() : tensor;
  return from.to(device, /*non_blocking=*/true);
}

BatchShape ShapeOf(const std::vector<const Encoding*>& encodings) {
  BatchShape shape{0, static_cast<int64_t>(encodings.size())};
  for (const Encoding* encoding : encodings) shape.rows += static_cast<int64_t>(encoding->ids.size());
  return shape;
}

// The parts are ids, positions, starts and first rows.
int64_t PackedSize(const BatchShape& shape) { return 2 * shape.rows + 2 * shape.texts + 1; }

std::vector<int64_t> PackInto(const std::vector<const Encoding*>& encodings, const BatchShape& shape,
                              const at::Tensor& packed) {
  int32_t* const ids = packed.mutable_data_ptr<int32_t>();
  int32_t* const positions = ids + shape.rows;
  int32_t* const starts = positions + shape.rows;
  int32_t* const first_rows = starts + shape.texts + 1;
  std::vector<int64_t> ends{0};
  ends.reserve(shape.texts + 1);
  for (const Encoding* encoding : encodings) {
    std::copy(encoding->ids.begin(), encoding->ids.end(), ids + ends.back());
    std::iota(positions + ends.back(), positions + ends.back() + encoding->ids.size(), 0);
    first_rows[ends.size() - 1] = static_cast<int32_t>(ends.back());
    ends.push_back(ends.back() + static_cast<int64_t>(encoding->ids.size()));
  }
  std::fill(ids + ends.back(), ids + shape.rows, 0);
  std::fill(positions + ends.back(), positions + shape.rows, 0);
  std::fill(first_rows + encodings.size(), first_rows + shape.texts, 0);
  ends.resize(shape.texts + 1, ends.back());
  std::copy(ends.begin(), ends.end(), starts);
  return ends;
}

PackedBatch ViewOf(const at::Tensor& packed, const BatchShape& shape) {
  PackedBatch batch;
  batch.ids = packed.narrow(0, 0, shape.rows);
  batch.positions = packed.narrow(0, shape.rows, shape.rows);
  batch.device_starts = packed.narrow(0, 2 * shape.rows, shape.texts + 1);
  batch.first_rows = packed.narrow(0, 2 * shape.rows + shape.texts + 1, shape.texts);
  return batch;
}

PackedBatch PackBatch(const std::vector<const Encoding*>& encodings, c10::Device device) {
  const BatchShape shape = ShapeOf(encodings);
  const at::Tensor packed =
      at::empty({PackedSize(shape)}, at::TensorOptions(at::kInt).pinned_memory(device.is_cuda()));
  std::vector<int64_t> starts = PackInto(encodings, shape, packed);
  PackedBatch batch = ViewOf(SendTo(device, packed), shape);
  batch.starts = std::move(starts);
  for (int64_t text = 0; text < shape.texts; ++text) {
    batch.max_length = std::max(batch.max_length, batch.length(text));
  }
  return batch;
}

}  // namespace newsgenre
