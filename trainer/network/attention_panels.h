// The data of one head of one text, and its matrices as fp32 panels. Internal to training_attention.cc.
#pragma once

#include <cstdint>

#include "common/simd/thread_buffer.h"

namespace newsgenre {

// The rows of a text in the columns of one head, `stride` values apart. T is float or Bf16.
template <typename T>
struct HeadRows {
  T* first;
  int64_t count;
  int64_t stride;

  T* At(int64_t row) const { return first + row * stride; }
  HeadRows Slice(int64_t from, int64_t rows) const { return {At(from), rows, stride}; }
};

// The inputs and outputs of one head of a text.
template <typename T>
struct HeadForward {
  int64_t width;
  HeadRows<const T> keys, queries, values;
  HeadRows<T> context;
  float* log_sums;
};

// dX is the gradient of X.
template <typename T>
struct HeadBackward {
  int64_t width;
  HeadRows<const T> keys, queries, values, context, dcontext;
  const float* log_sums;
  HeadRows<T> dkeys, dqueries, dvalues;
};

// A matrix in fp32 whose rows are `stride` values apart.
struct Panel {
  float* data;
  int64_t stride;

  float* Row(int64_t row) const { return data + row * stride; }
};

// A head's matrices as panels, small enough for a cache. Rows are padded to whole vectors.
struct ForwardPanels {
  Panel key_columns;  // all keys, transposed
  Panel values;       // all values
  Panel rows;         // in turn: all keys, a block of queries, the context of this block
  Panel scores;       // of a block of queries
};

struct BackwardPanels {
  // The panels of all queries. Those named `columns` are transposed.
  Panel queries, dcontext, dqueries, query_columns, dcontext_columns;
  float* log_sums;
  float* dots;  // for each query the dot product of its context and the context's gradient
  // The panels of a block of keys.
  Panel keys, values, probabilities, dscores;
};

// Allocates panels from a buffer of the calling thread, each at the start of a cache line.
class PanelAllocator {
 public:
  // `count` is the number of values of all panels.
  explicit PanelAllocator(int64_t count)
      : next_(Aligned(ThreadBuffer<PanelAllocator, float>(count + kMaxPanels * kLine))) {}

  float* Allocate(int64_t count) {
    float* const values = next_;
    next_ = Aligned(next_ + count);
    return values;
  }
  Panel Allocate(int64_t rows, int64_t stride) { return {Allocate(rows * stride), stride}; }

 private:
  static constexpr int64_t kLine = 16;  // values of a cache line
  static constexpr int64_t kMaxPanels = 16;
  static float* Aligned(float* x) {
    return x + (kLine - reinterpret_cast<uintptr_t>(x) / sizeof(float) % kLine) % kLine;
  }
  float* next_;
};

}  // namespace newsgenre
