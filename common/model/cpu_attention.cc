#include "common/model/cpu_attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/model/parallel.h"

namespace newsgenre {

at::Tensor AttendOnCpu(const PackedBatch& batch, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, int64_t heads) {
  const int64_t hidden = q.size(1), texts = batch.texts();
  const bool all_queries = q.size(0) == batch.rows();
  at::Tensor context = at::empty({q.size(0), hidden}, q.options());
  if (batch.tokens() < batch.rows()) context.zero_();

  const auto attend = [&](int64_t text) {
    const int64_t start = batch.starts[text], length = batch.length(text);
    if (length == 0) return;
    // [length, hidden] to [1, heads, length, width]
    const auto by_head = [&](const at::Tensor& x, int64_t from, int64_t rows) {
      return x.narrow(0, from, rows).view({1, rows, heads, hidden / heads}).transpose(1, 2);
    };
    const int64_t from = all_queries ? start : text, queries = all_queries ? length : 1;
    by_head(context, from, queries)
        .copy_(at::scaled_dot_product_attention(by_head(q, from, queries), by_head(k, start, length),
                                                by_head(v, start, length)));
  };
  if (texts == 1) {
    attend(0);  // its heads run side by side
    return context;
  }
  // Each thread takes the texts that start in its share of the tokens.
  const int64_t shares = std::min<int64_t>(at::get_num_threads(), texts);
  const auto first_of = [&](int64_t share) {
    const int64_t token = batch.tokens() * share / shares;
    return std::lower_bound(batch.starts.begin(), batch.starts.begin() + texts, token) - batch.starts.begin();
  };
  ParallelFor(shares, 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;
    for (int64_t text = first_of(begin); text < (end == shares ? texts : first_of(end)); ++text) attend(text);
  });
  return context;
}

}  // namespace newsgenre
