#include "common/kernels/attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "common/model/attention.h"
#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

// Calls Attend twice for each text, with a part of its queries each. `q`, `k` and `v` are [rows, heads ·
// width] and can be slices of wider matrices.
at::Tensor AttendTexts(const PackedBatch& batch, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, int64_t heads) {
  const int64_t hidden = q.size(1);
  const at::Tensor context = at::empty({q.size(0), hidden});
  const auto row_of = [](const at::Tensor& x, int64_t row) {
    return const_cast<float*>(x.const_data_ptr<float>()) + row * x.stride(0);
  };
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t start = batch.starts[text], length = batch.length(text);
    for (const auto& [from, to] :
         {std::pair{start, start + length / 3}, {start + length / 3, start + length}}) {
      if (from == to) continue;
      AttentionArgs args{};
      args.q = row_of(q, from);
      args.queries = to - from;
      args.q_stride = q.stride(0);
      args.k = row_of(k, start);
      args.v = row_of(v, start);
      args.length = length;
      args.kv_stride = k.stride(0);
      args.context = row_of(context, from);
      args.context_stride = hidden;
      Attend(args, heads, hidden / heads);
    }
  }
  return context;
}

TEST(AttendTest, AgreesWithAttentionLayout) {
  at::manual_seed(4);
  const c10::InferenceMode inference;
  for (const std::vector<int>& lengths : {std::vector<int>{9}, {1, 1}, {30, 1, 150, 7, 8, 64}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    // Multiples of the vector length of AVX-512, of AVX2 alone, and of neither.
    for (const auto& [heads, width] :
         {std::pair<int64_t, int64_t>{1, 16}, {2, 48}, {1, 64}, {1, 80}, {3, 8}, {2, 24}, {2, 4}}) {
      const auto parts = at::randn({batch.rows(), 3 * width * heads}).chunk(3, 1);
      const AttentionLayout layout(batch, 0.0);
      EXPECT_LT(MaxDifference(AttendTexts(batch, parts[0], parts[1], parts[2], heads),
                              layout.Attend(parts[0], parts[1], parts[2], heads)),
                1e-5)
          << heads << " heads of " << width;
    }
  }
}

// The scores are far apart, so that only the largest one counts, or all far below zero. Their magnitude is a
// few thousand, which fp32 rounds by 2e-4.
TEST(AttendTest, HandlesLargeScores) {
  const c10::InferenceMode inference;
  const PackedBatch batch = Pack(RandomTexts({5, 20}));
  const AttentionLayout layout(batch, 0.0);
  at::manual_seed(6);
  for (const int64_t heads : {2, 4}) {  // heads of 16 and of 8
    const at::Tensor k = (30 * at::randn({25, 32})).abs(), v = at::randn({25, 32});
    for (const at::Tensor& q : {30 * at::randn({25, 32}), -k}) {
      EXPECT_LT(MaxDifference(AttendTexts(batch, q, k, v, heads), layout.Attend(q, k, v, heads)), 1e-3);
    }
  }
}

}  // namespace
}  // namespace newsgenre
