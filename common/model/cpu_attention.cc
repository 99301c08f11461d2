#include "common/model/cpu_attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/model/avx2_attention.h"
#include "common/model/parallel.h"

namespace newsgenre {
namespace {

struct Slices {
  const PackedBatch& batch;
  const at::Tensor& q;
  const at::Tensor& k;
  const at::Tensor& v;
  int64_t heads;
  const at::Tensor& context;

  int64_t width() const { return q.size(1) / heads; }
  bool all_queries() const { return q.size(0) == batch.rows(); }
  int64_t first_query(int64_t text) const { return all_queries() ? batch.starts[text] : text; }
  int64_t queries(int64_t text) const { return all_queries() ? batch.length(text) : 1; }
};

// Each head of each text is a share of its own: heads are alike, so however long the texts are, threads get
// about the same work.
void AttendByHeads(const Slices& slices) {
  const float* q = slices.q.const_data_ptr<float>();
  const float* k = slices.k.const_data_ptr<float>();
  const float* v = slices.v.const_data_ptr<float>();
  float* context = slices.context.mutable_data_ptr<float>();
  const int64_t q_stride = slices.q.stride(0), kv_stride = slices.k.stride(0), width = slices.width();
  const int64_t texts = slices.batch.texts(), hidden = slices.q.size(1);
  ParallelFor(slices.heads * texts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t share = begin; share < end; ++share) {
      const int64_t text = share % texts, column = share / texts * width, length = slices.batch.length(text);
      if (length == 0) continue;
      const int64_t query = slices.first_query(text), start = slices.batch.starts[text] * kv_stride + column;
      AttendAvx2({q + query * q_stride + column, slices.queries(text), q_stride, k + start, v + start, length,
                  kv_stride, context + query * hidden + column, hidden, width},
                 &scratch);
    }
  });
}

// torch's own, text by text.
void AttendByTexts(const Slices& slices) {
  const int64_t texts = slices.batch.texts();
  const auto attend = [&](int64_t text) {
    const int64_t start = slices.batch.starts[text], length = slices.batch.length(text);
    if (length == 0) return;
    // [length, hidden] to [1, heads, length, width]
    const auto by_head = [&](const at::Tensor& x, int64_t from, int64_t rows) {
      return x.narrow(0, from, rows).view({1, rows, slices.heads, slices.width()}).transpose(1, 2);
    };
    const int64_t from = slices.first_query(text), queries = slices.queries(text);
    by_head(slices.context, from, queries)
        .copy_(at::scaled_dot_product_attention(by_head(slices.q, from, queries),
                                                by_head(slices.k, start, length),
                                                by_head(slices.v, start, length)));
  };
  if (texts == 1) return attend(0);  // its heads run side by side
  // Each thread takes the texts that start in its share of the tokens.
  const std::vector<int64_t>& starts = slices.batch.starts;
  const int64_t shares = std::min<int64_t>(at::get_num_threads(), texts);
  const auto first_of = [&](int64_t share) {
    const int64_t token = slices.batch.tokens() * share / shares;
    return std::lower_bound(starts.begin(), starts.begin() + texts, token) - starts.begin();
  };
  ParallelFor(shares, 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;
    for (int64_t text = first_of(begin); text < (end == shares ? texts : first_of(end)); ++text) attend(text);
  });
}

}  // namespace

at::Tensor AttendOnCpu(const PackedBatch& batch, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, int64_t heads) {
  at::Tensor context = at::empty(q.sizes(), q.options());
  if (batch.tokens() < batch.rows()) context.zero_();
  const Slices slices{batch, q, k, v, heads, context};
  if (q.scalar_type() == at::kFloat && HasAvx2Attention(slices.width())) {
    AttendByHeads(slices);
  } else {
    AttendByTexts(slices);
  }
  return context;
}

}  // namespace newsgenre
