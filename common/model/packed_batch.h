// A batch without padding: the tokens of all texts in one row, and where each text starts.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "common/text/tokenizer.h"

namespace newsgenre {

// How many tokens and texts a batch has room for. Fewer texts than rows, but where each text has one token
// and no room is left.
struct BatchShape {
  int64_t rows = 0;
  int64_t texts = 0;
};

// A batch may be padded, because a CUDA graph runs at one shape only: rows from tokens() on belong to no
// text, and what the network makes of them means nothing; texts at the end may have length 0, with a result
// that means nothing. Neither changes the result of another text.
struct PackedBatch {
  at::Tensor ids;               // [rows] int32, on the device
  at::Tensor positions;         // [rows] int32, on the device: 0, 1, … within each text
  std::vector<int64_t> starts;  // texts + 1 entries: text i holds tokens starts[i] … starts[i + 1] - 1
  at::Tensor device_starts;     // [texts + 1] int32, on the device: the same
  at::Tensor first_rows;   // [texts] int32, on the device: the row of each text's first token; row 0 for a
                           // text of length 0
  int64_t max_length = 0;  // no text is longer
  int64_t rows() const { return ids.size(0); }
  int64_t texts() const { return first_rows.size(0); }
  int64_t tokens() const { return starts.back(); }
  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
};

// oneDNN prepares itself for every number of rows that it hasn't seen lately: a batch in training is padded
// to a multiple of this.
inline constexpr int64_t kRowMultiple = 16;
// So many rows, with that padding on a CPU.
inline int64_t PaddedRows(int64_t rows, c10::Device device) {
  return device.is_cpu() ? (rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple : rows;
}

// A CPU tensor on `device`. To a GPU it goes from pinned memory, and the CPU doesn't wait. Any thread.
at::Tensor SendTo(c10::Device device, const at::Tensor& tensor);

// The tokens and texts of `encodings`.
BatchShape ShapeOf(const std::vector<const Encoding*>& encodings);

// `encodings`: at least one, each with at least one id. All of it goes to a GPU in one copy, from pinned
// memory, for which the CPU does not wait. Any thread.
PackedBatch PackBatch(const std::vector<const Encoding*>& encodings, c10::Device device);

// The same in steps, for buffers that are used again. A batch of `shape`, which has room for `encodings`, is
// PackedSize(shape) int32 in one row: PackInto writes it to the CPU tensor `packed` and returns the starts;
// ViewOf shows a tensor that holds it, on any device, as a batch that has all but starts and max_length.
int64_t PackedSize(const BatchShape& shape);
std::vector<int64_t> PackInto(const std::vector<const Encoding*>& encodings, const BatchShape& shape,
                              const at::Tensor& packed);
PackedBatch ViewOf(const at::Tensor& packed, const BatchShape& shape);

}  // namespace newsgenre
