// A packed batch: the tokens of all texts one after the other. Texts are not padded to a common length.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "common/text/tokenizer.h"

namespace newsgenre {

// The number of tokens (rows) and texts that a batch can hold.
struct BatchShape {
  int64_t rows = 0;
  int64_t texts = 0;
};

// The end of a batch can be padding, because a CUDA graph runs at one shape only. Rows from tokens() on
// belong to no text, and texts at the end can have length 0; the network's results for both are meaningless.
// Padding does not change the results of the other texts.
struct PackedBatch {
  at::Tensor ids;               // [rows] int32, on the device
  at::Tensor positions;         // [rows] int32, on the device: 0, 1, … within each text
  std::vector<int64_t> starts;  // texts + 1 entries: text i has the tokens starts[i] … starts[i + 1] - 1
  at::Tensor device_starts;     // [texts + 1] int32, on the device: the same
  // [texts] int32, on the device: the row of each text's first token; row 0 for a text of length 0.
  at::Tensor first_rows;
  int64_t max_length = 0;  // at least the length of the longest text

  int64_t rows() const { return ids.size(0); }
  int64_t texts() const { return first_rows.size(0); }
  int64_t tokens() const { return starts.back(); }
  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
};

// The number of rows in a training batch on a CPU is a multiple of this, because oneDNN prepares a kernel for
// every number of rows that it has not seen recently.
inline constexpr int64_t kRowMultiple = 16;

// Returns `rows`, rounded up to kRowMultiple on a CPU.
inline int64_t PaddedRows(int64_t rows, c10::Device device) {
  return device.is_cpu() ? (rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple : rows;
}

// Copies a CPU tensor to `device`. A copy to a GPU is from pinned memory and does not block. Thread-safe.
at::Tensor SendTo(c10::Device device, const at::Tensor& tensor);

// Returns the number of tokens and texts of `encodings`.
BatchShape ShapeOf(const std::vector<const Encoding*>& encodings);

// Packs at least one text, each with at least one id. Makes a single copy to a GPU, which does not block.
// Thread-safe.
PackedBatch PackBatch(const std::vector<const Encoding*>& encodings, c10::Device device);

// The steps of PackBatch, for buffers that are reused.

// Returns the number of int32 values in one contiguous tensor that holds a batch of `shape`.
int64_t PackedSize(const BatchShape& shape);

// Writes a batch of `shape`, which holds `encodings`, to the CPU tensor `packed`. Returns
// PackedBatch::starts.
std::vector<int64_t> PackInto(const std::vector<const Encoding*>& encodings, const BatchShape& shape,
                              const at::Tensor& packed);

// Returns a view of `packed`, on any device, as a batch. The caller sets its starts and max_length.
PackedBatch ViewOf(const at::Tensor& packed, const BatchShape& shape);

}  // namespace newsgenre
