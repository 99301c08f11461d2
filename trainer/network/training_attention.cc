#include "trainer/network/training_attention.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "common/device/parallel.h"
#include "common/simd/attention_steps.h"
#include "common/simd/floats.h"
#include "common/simd/tile.h"
#include "trainer/network/attention_panels.h"

namespace newsgenre {
namespace {

// Block sizes. They keep the scores of a block in the first-level cache for texts of usual lengths.
constexpr int64_t kMaxQueries = 24, kMaxKeys = 48;

}  // namespace
}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "trainer/network/training_attention.inc"
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

// ForEachHead divides its work into this many units, which torch distributes over its threads.
constexpr int64_t kWorkUnits = 4096;
// The number of query-key products that takes longer than waking a thread.
constexpr int64_t kMinThreadWork = 1 << 14;
// The additional work of a token, in query-key products.
constexpr int64_t kTokenWork = 64;

template <typename T>
void RunForward([[maybe_unused]] InstructionSet instruction_set,
                [[maybe_unused]] const HeadForward<T>& head) {
#if defined(__x86_64__)
  instruction_set == InstructionSet::kAvx512 ? avx512::Forward(head) : avx2::Forward(head);
#endif
}
template <typename T>
void RunBackward([[maybe_unused]] InstructionSet instruction_set,
                 [[maybe_unused]] const HeadBackward<T>& head) {
#if defined(__x86_64__)
  instruction_set == InstructionSet::kAvx512 ? avx512::Backward(head) : avx2::Backward(head);
#endif
}

}  // namespace

// Finds one head of one text in the matrices of a batch.
struct TrainingAttention::TextHead {
  int64_t batch_rows;
  int64_t first_row, length;  // of the text
  int64_t text, head, heads;

  // `matrix` is [batch rows, heads · width] or [texts, heads · width].
  template <typename T>
  HeadRows<T> In(const at::Tensor& matrix) const {
    const bool has_all_rows = matrix.size(0) == batch_rows;
    const int64_t stride = matrix.stride(0), column = head * (matrix.size(1) / heads);
    T* data;
    if constexpr (std::is_const_v<T>) {
      data = static_cast<T*>(matrix.const_data_ptr());
    } else {
      data = static_cast<T*>(matrix.mutable_data_ptr());
    }
    return {data + (has_all_rows ? first_row : text) * stride + column, has_all_rows ? length : 1, stride};
  }

  float* LogSums(const at::Tensor& log_sums) const {
    const int64_t queries = log_sums.size(1);
    return log_sums.mutable_data_ptr<float>() + head * queries + (queries == batch_rows ? first_row : text);
  }
};

TrainingAttention::TrainingAttention(InstructionSet instruction_set, const PackedBatch& batch, int64_t heads)
    : instruction_set_(instruction_set),
      rows_(batch.rows()),
      heads_(heads),
      starts_(batch.starts),
      work_before_{0} {
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t length = batch.length(text);
    work_before_.push_back(work_before_.back() + heads * length * (length + kTokenWork));
  }
}

void TrainingAttention::ForEachHead(const std::function<void(int64_t, int64_t)>& body) const {
  const int64_t work = work_before_.back();
  const auto texts = static_cast<int64_t>(work_before_.size()) - 1;
  if (work == 0) return;
  const int64_t grain = std::clamp<int64_t>(kWorkUnits * kMinThreadWork / work, 1, kWorkUnits);
  ParallelFor(kWorkUnits, grain, [&](int64_t begin, int64_t end) {
    // This thread computes the heads whose work starts in its units.
    const int64_t from = work * begin / kWorkUnits, to = work * end / kWorkUnits;
    const auto after = std::upper_bound(work_before_.begin(), work_before_.end(), from);
    for (int64_t text = after - work_before_.begin() - 1; text < texts && work_before_[text] < to; ++text) {
      const int64_t head_work = (work_before_[text + 1] - work_before_[text]) / heads_;
      for (int64_t head = 0; head_work > 0 && head < heads_; ++head) {
        const int64_t start = work_before_[text] + head * head_work;
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

TrainingAttention::TextHead TrainingAttention::HeadOf(int64_t text, int64_t head) const {
  TextHead result;
  result.batch_rows = rows_;
  result.first_row = starts_[text];
  result.length = starts_[text + 1] - starts_[text];
  result.text = text;
  result.head = head;
  result.heads = heads_;
  return result;
}

template <typename T>
void TrainingAttention::ForwardAs(const QkvTensors& qkv, const AttentionOutput& output) const {
  ForEachHead([&](int64_t text, int64_t head) {
    const TextHead part = HeadOf(text, head);
    HeadForward<T> pass;
    pass.width = qkv.keys.size(1) / heads_;
    pass.keys = part.In<const T>(qkv.keys);
    pass.queries = part.In<const T>(qkv.queries);
    pass.values = part.In<const T>(qkv.values);
    pass.context = part.In<T>(output.context);
    pass.log_sums = part.LogSums(output.log_sums);
    RunForward(instruction_set_, pass);
  });
}

AttentionOutput TrainingAttention::Forward(const QkvTensors& qkv) const {
  const int64_t queries = qkv.queries.size(0);
  const AttentionOutput output = {at::empty(qkv.queries.sizes(), qkv.queries.options()),
                                  at::empty({heads_, queries}, at::kFloat)};
  ClearPadding(output.context);
  qkv.queries.scalar_type() == at::kFloat ? ForwardAs<float>(qkv, output) : ForwardAs<Bf16>(qkv, output);
  return output;
}

template <typename T>
void TrainingAttention::BackwardAs(const QkvTensors& qkv, const AttentionOutput& output,
                                   const at::Tensor& dcontext, const QkvTensors& gradients) const {
  ForEachHead([&](int64_t text, int64_t head) {
    const TextHead part = HeadOf(text, head);
    HeadBackward<T> pass;
    pass.width = qkv.keys.size(1) / heads_;
    pass.keys = part.In<const T>(qkv.keys);
    pass.queries = part.In<const T>(qkv.queries);
    pass.values = part.In<const T>(qkv.values);
    pass.context = part.In<const T>(output.context);
    pass.dcontext = part.In<const T>(dcontext);
    pass.log_sums = part.LogSums(output.log_sums);
    pass.dkeys = part.In<T>(gradients.keys);
    pass.dqueries = part.In<T>(gradients.queries);
    pass.dvalues = part.In<T>(gradients.values);
    RunBackward(instruction_set_, pass);
  });
}

void TrainingAttention::Backward(const QkvTensors& qkv, const AttentionOutput& output,
                                 const at::Tensor& dcontext, const QkvTensors& gradients) const {
  for (const at::Tensor& gradient : {gradients.keys, gradients.queries, gradients.values}) {
    ClearPadding(gradient);
  }
  qkv.queries.scalar_type() == at::kFloat ? BackwardAs<float>(qkv, output, dcontext, gradients)
                                          : BackwardAs<Bf16>(qkv, output, dcontext, gradients);
}

}  // namespace newsgenre
