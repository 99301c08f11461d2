#include "trainer/network/training_attention.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "common/device/parallel.h"
#include "common/simd/attention_steps.h"
#include "common/simd/floats.h"
#include "common/simd/thread_buffer.h"
#include "common/simd/tile.h"

namespace newsgenre {

// Rows of a text in the columns of one head, `stride` values apart. T: float or Bf16.
template <typename T>
struct HeadRows {
  T* first;
  int64_t count;
  int64_t stride;

  T* At(int64_t row) const { return first + row * stride; }
  HeadRows Some(int64_t from, int64_t rows) const { return {At(from), rows, stride}; }
};

template <typename T>
struct ForwardOfHead {
  int64_t width;
  HeadRows<const T> keys, queries, values;
  HeadRows<T> context;
  float* log_sums;
};

template <typename T>
struct BackwardOfHead {
  int64_t width;
  HeadRows<const T> keys, queries, values, context, dcontext;
  const float* log_sums;
  HeadRows<T> dkeys, dqueries, dvalues;
};

// Where a head's matrices are in fp32, in whole vectors, small enough for a cache.
struct ForwardPanels {
  float* keys;    // as columns
  float* values;  // of all keys
  float* rows;    // first of all keys, then of some queries, then their context
  float* scores;  // of some queries
};

struct BackwardPanels {
  // Of all queries; columns are the same transposed.
  float *queries, *dcontext, *dqueries, *query_columns, *dcontext_columns;
  float* log_sums;
  float* dots;  // of each query's context and its gradient
  // Of some keys.
  float *keys, *values, *probabilities, *dscores;
};

namespace {

// So many at once that their scores stay in a cache of the first level, for texts of usual lengths.
constexpr int64_t kMostQueries = 24, kMostKeys = 48;

// Panels one after the other in memory of the calling thread, each at the start of a cache line.
class PanelMaker {
 public:
  // So many values in all.
  explicit PanelMaker(int64_t count)
      : next_(Aligned(ThreadBuffer<PanelMaker, float>(count + kPanels * kLine))) {}
  float* Take(int64_t count) {
    float* const panel = next_;
    next_ = Aligned(next_ + count);
    return panel;
  }

 private:
  static constexpr int64_t kLine = 16, kPanels = 16;  // no head has more
  static float* Aligned(float* x) {
    return x + (kLine - reinterpret_cast<uintptr_t>(x) / sizeof(float) % kLine) % kLine;
  }
  float* next_;
};

}  // namespace
}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "trainer/network/training_attention.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

// Where ForEachHead's work begins and ends: torch divides so many places among its threads.
constexpr int64_t kPlaces = 4096;
// Products of a query and a key that take longer than waking a thread.
constexpr int64_t kLeastWork = 1 << 14;
// What a token takes beside those, in these.
constexpr int64_t kWorkOfToken = 64;

template <typename T>
void ForwardBy([[maybe_unused]] Instructions instructions, [[maybe_unused]] const ForwardOfHead<T>& head) {
#if defined(__x86_64__)
  instructions == Instructions::kAvx512 ? avx512::Forward(head) : avx2::Forward(head);
#endif
}
template <typename T>
void BackwardBy([[maybe_unused]] Instructions instructions, [[maybe_unused]] const BackwardOfHead<T>& head) {
#if defined(__x86_64__)
  instructions == Instructions::kAvx512 ? avx512::Backward(head) : avx2::Backward(head);
#endif
}

// One head of one text, in every matrix of a batch.
struct Place {
  int64_t rows;   // of the batch
  int64_t first;  // of the text
  int64_t count;  // of the text
  int64_t text, head, heads;

  // `matrix`: [rows, heads · width], or one row a text.
  template <typename T>
  HeadRows<T> In(const at::Tensor& matrix) const {
    const bool all = matrix.size(0) == rows;
    const int64_t stride = matrix.stride(0), column = head * (matrix.size(1) / heads);
    T* data;
    if constexpr (std::is_const_v<T>) {
      data = static_cast<T*>(matrix.const_data_ptr());
    } else {
      data = static_cast<T*>(matrix.mutable_data_ptr());
    }
    return {data + (all ? first : text) * stride + column, all ? count : 1, stride};
  }

  float* LogSums(const at::Tensor& log_sums) const {
    const int64_t queries = log_sums.size(1);
    return log_sums.mutable_data_ptr<float>() + head * queries + (queries == rows ? first : text);
  }
};

}  // namespace

TrainingAttention::TrainingAttention(Instructions instructions, const PackedBatch& batch, int64_t heads)
    : instructions_(instructions),
      rows_(batch.rows()),
      heads_(heads),
      starts_(batch.starts),
      work_before_{0} {
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t length = batch.length(text);
    work_before_.push_back(work_before_.back() + heads * length * (length + kWorkOfToken));
  }
}

void TrainingAttention::ForEachHead(const std::function<void(int64_t, int64_t)>& body) const {
  const int64_t work = work_before_.back();
  const auto texts = static_cast<int64_t>(work_before_.size()) - 1;
  if (work == 0) return;
  const int64_t grain = std::clamp<int64_t>(kPlaces * kLeastWork / work, 1, kPlaces);
  ParallelFor(kPlaces, grain, [&](int64_t begin, int64_t end) {
    // The heads whose work starts in the share.
    const int64_t from = work * begin / kPlaces, to = work * end / kPlaces;
    const auto after = std::upper_bound(work_before_.begin(), work_before_.end(), from);
    for (int64_t text = after - work_before_.begin() - 1; text < texts && work_before_[text] < to; ++text) {
      const int64_t of_head = (work_before_[text + 1] - work_before_[text]) / heads_;
      for (int64_t head = 0; of_head > 0 && head < heads_; ++head) {
        const int64_t start = work_before_[text] + head * of_head;
        if (from <= start && start < to) body(text, head);
      }
    }
  });
}

void TrainingAttention::ClearPadding(const at::Tensor& matrix) const {
  if (matrix.size(0) == rows_) {
    matrix.narrow(0, starts_.back(), rows_ - starts_.back()).zero_();
    return;
  }
  for (int64_t text = 0; text < matrix.size(0); ++text) {
    if (starts_[text] == starts_[text + 1]) matrix[text].zero_();
  }
}

template <typename T>
void TrainingAttention::ForwardIn(const QkvTensors& parts, const AttentionOutput& attended) const {
  ForEachHead([&](int64_t text, int64_t head) {
    const Place place = {rows_, starts_[text], starts_[text + 1] - starts_[text], text, head, heads_};
    ForwardBy<T>(instructions_, {parts.keys.size(1) / heads_, place.In<const T>(parts.keys),
                                 place.In<const T>(parts.queries), place.In<const T>(parts.values),
                                 place.In<T>(attended.context), place.LogSums(attended.log_sums)});
  });
}

AttentionOutput TrainingAttention::Forward(const QkvTensors& parts) const {
  const int64_t queries = parts.queries.size(0);
  const AttentionOutput attended = {at::empty(parts.queries.sizes(), parts.queries.options()),
                                    at::empty({heads_, queries}, at::kFloat)};
  ClearPadding(attended.context);
  parts.queries.scalar_type() == at::kFloat ? ForwardIn<float>(parts, attended)
                                            : ForwardIn<Bf16>(parts, attended);
  return attended;
}

template <typename T>
void TrainingAttention::BackwardIn(const QkvTensors& parts, const AttentionOutput& attended,
                                   const at::Tensor& dcontext, const QkvTensors& gradients) const {
  ForEachHead([&](int64_t text, int64_t head) {
    const Place place = {rows_, starts_[text], starts_[text + 1] - starts_[text], text, head, heads_};
    BackwardBy<T>(instructions_, {parts.keys.size(1) / heads_, place.In<const T>(parts.keys),
                                  place.In<const T>(parts.queries), place.In<const T>(parts.values),
                                  place.In<const T>(attended.context), place.In<const T>(dcontext),
                                  place.LogSums(attended.log_sums), place.In<T>(gradients.keys),
                                  place.In<T>(gradients.queries), place.In<T>(gradients.values)});
  });
}

void TrainingAttention::Backward(const QkvTensors& parts, const AttentionOutput& attended,
                                 const at::Tensor& dcontext, const QkvTensors& gradients) const {
  for (const at::Tensor& part : {gradients.keys, gradients.queries, gradients.values}) ClearPadding(part);
  parts.queries.scalar_type() == at::kFloat ? BackwardIn<float>(parts, attended, dcontext, gradients)
                                            : BackwardIn<Bf16>(parts, attended, dcontext, gradients);
}

}  // namespace newsgenre
