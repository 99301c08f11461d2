// Random texts, and tolerances for comparing results.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "common/device/precision.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// Returns the largest accepted difference from fp32 for results of magnitude 1. bf16 has a mantissa of 8
// bits. int8 has 7 bits for values in rows and 6 bits for weights; the errors of several hundred products
// mostly cancel out.
inline double MaxError(Precision precision) {
  return precision == Precision::kFp32 ? 1e-5 : precision == Precision::kBf16 ? 0.03 : 0.05;
}
inline constexpr Precision kCpuPrecisions[] = {Precision::kFp32, Precision::kBf16, Precision::kInt8};

// Returns the largest absolute difference between two elements.
inline double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().max().item<double>();
}

// Returns one text of random ids (5 to 99) per length. Each call returns the same ids.
inline std::vector<Encoding> RandomTexts(const std::vector<int>& lengths) {
  std::mt19937 generator(11);
  std::vector<Encoding> texts(lengths.size());
  for (size_t i = 0; i < lengths.size(); ++i) {
    for (int j = 0; j < lengths[i]; ++j) texts[i].ids.push_back(5 + static_cast<int>(generator() % 95));
  }
  return texts;
}

inline PackedBatch Pack(const std::vector<Encoding>& texts) {
  std::vector<const Encoding*> pointers;
  for (const Encoding& text : texts) pointers.push_back(&text);
  return PackBatch(pointers, c10::kCPU);
}

// Packs two texts, with 5 and 9 tokens, into a batch with capacity for more, as for a CUDA graph.
inline PackedBatch PackPadded(const std::vector<Encoding>& two_texts) {
  const BatchShape shape{/*rows=*/20, /*texts=*/4};
  const at::Tensor packed = at::empty({PackedSize(shape)}, at::kInt);
  std::vector<int64_t> starts = PackInto({&two_texts[0], &two_texts[1]}, shape, packed);
  PackedBatch batch = ViewOf(packed, shape);
  batch.starts = std::move(starts);
  batch.max_length = 9;
  return batch;
}

}  // namespace newsgenre
