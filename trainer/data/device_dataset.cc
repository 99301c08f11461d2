#include "trainer/data/device_dataset.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace newsgenre {

DeviceDataset::DeviceDataset(const Dataset& data, c10::Device device)
    : starts_(data.starts),
      ids_(at::tensor(data.ids, at::kInt).to(device)),
      device_starts_(at::tensor(data.starts, at::kLong).to(device)),
      lengths_(device_starts_.diff()),
      labels_(at::tensor(data.labels, at::kLong).to(device)) {}

LabelledBatch DeviceDataset::Batch(const RowBatch& rows) const {
  LabelledBatch batch;
  PackedBatch& texts = batch.texts;
  texts.starts = {0};
  for (const int32_t row : rows) {
    const int64_t length = starts_[row + 1] - starts_[row];
    texts.starts.push_back(texts.starts.back() + length);
    texts.max_length = std::max(texts.max_length, length);
  }
  const at::Tensor row_numbers = SendTo(ids_.device(), at::tensor(rows, at::kInt));
  const at::Tensor lengths = lengths_.index_select(0, row_numbers);
  const at::Tensor ends = lengths.cumsum(0);
  const at::Tensor begins = ends - lengths;
  const int64_t tokens = texts.tokens();
  const auto for_each_token = [&](const at::Tensor& per_text) {
    return at::repeat_interleave(per_text, lengths, /*dim=*/0, /*output_size=*/tokens);
  };
  const at::Tensor token_indices = at::arange(tokens, lengths.options());
  const at::Tensor positions = token_indices - for_each_token(begins);
  const at::Tensor sources = positions + for_each_token(device_starts_.index_select(0, row_numbers));
  const int64_t padding = PaddedRows(tokens, ids_.device()) - tokens;
  const auto padded = [&](const at::Tensor& x) { return at::constant_pad_nd(x, {0, padding}); };
  texts.ids = padded(ids_.index_select(0, sources));
  texts.positions = padded(positions.to(at::kInt));
  texts.device_starts = at::constant_pad_nd(ends, {1, 0}).to(at::kInt);
  texts.first_rows = begins.to(at::kInt);
  batch.labels = labels_.index_select(0, row_numbers);
  return batch;
}

}  // namespace newsgenre
