#include "trainer/pretraining/masked_batch.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace newsgenre {
namespace {

PackedBatch PackWithPadding(const std::vector<const Encoding*>& texts, c10::Device device) {
  BatchShape shape = ShapeOf(texts);
  shape.rows = PaddedRows(shape.rows, device);
  const at::Tensor packed = at::empty({PackedSize(shape)}, at::kInt);
  std::vector<int64_t> starts = PackInto(texts, shape, packed);
  PackedBatch batch = ViewOf(SendTo(device, packed), shape);
  batch.starts = std::move(starts);
  for (int64_t text = 0; text < batch.texts(); ++text) {
    batch.max_length = std::max(batch.max_length, batch.length(text));
  }
  return batch;
}

}  // namespace

MaskedBatch MakeMaskedBatch(const Dataset& data, const RowBatch& rows, const MaskingVocabulary& vocabulary,
                            Random* random, c10::Device device) {
  std::vector<MaskedText> texts;
  texts.reserve(rows.size());
  std::vector<const Encoding*> encodings;
  std::vector<int64_t> target_rows, labels;
  int64_t start = 0;
  for (const int32_t row : rows) {
    texts.push_back(MaskWords(data.Text(row).ids, vocabulary, random));
    const MaskedText& text = texts.back();
    for (const int64_t position : text.positions) target_rows.push_back(start + position);
    labels.insert(labels.end(), text.labels.begin(), text.labels.end());
    encodings.push_back(&text.text);
    start += static_cast<int64_t>(text.text.ids.size());
  }
  const int64_t count = static_cast<int64_t>(target_rows.size());
  target_rows.resize(PaddedRows(count, device), 0);
  labels.resize(target_rows.size(), kNoLabel);
  const auto send = [&](const std::vector<int64_t>& numbers) {
    return SendTo(device, at::tensor(numbers, at::kLong));
  };
  return {PackWithPadding(encodings, device),
          {send(labels), send(target_rows), static_cast<int64_t>(target_rows.size()) - count}};
}

}  // namespace newsgenre
