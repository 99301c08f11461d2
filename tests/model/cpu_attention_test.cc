#include "common/model/cpu_attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "common/model/attention.h"
#include "gtest/gtest.h"
#include "tests/model/random_texts.h"

namespace newsgenre {
namespace {

TEST(CpuAttentionTest, GivesWhatTheLayoutGives) {
  at::manual_seed(4);
  const c10::InferenceMode inference;
  for (const std::vector<int>& lengths : {std::vector<int>{9}, {1, 1}, {30, 1, 150, 7, 8, 64}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    // Widths of whole and half tiles, and one that only torch's own attention has.
    for (const auto& [heads, width] :
         {std::pair<int64_t, int64_t>{1, 16}, {3, 8}, {2, 24}, {1, 64}, {2, 4}}) {
      const int64_t hidden = width * heads;
      const at::Tensor qkv = at::randn({batch.rows(), 3 * hidden});
      const auto parts = qkv.chunk(3, 1);
      const AttentionLayout layout(batch, 0.0);
      EXPECT_LT(MaxDifference(AttendOnCpu(batch, parts[0], parts[1], parts[2], heads),
                              layout.Attend(parts[0], parts[1], parts[2], heads)),
                1e-5);
      const at::Tensor first = parts[0].index_select(0, batch.first_rows);
      EXPECT_LT(MaxDifference(AttendOnCpu(batch, first, parts[1], parts[2], heads),
                              layout.Attend(first, parts[1], parts[2], heads)),
                1e-5);
    }
  }
}

// Scores so far apart that only the largest counts, and all far below zero.
TEST(CpuAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  const c10::InferenceMode inference;
  const PackedBatch batch = Pack(RandomTexts({5, 20}));
  at::manual_seed(6);
  const at::Tensor k = (100 * at::randn({25, 32})).abs(), v = at::randn({25, 32});
  for (const at::Tensor& q : {100 * at::randn({25, 32}), -k}) {
    const AttentionLayout layout(batch, 0.0);
    EXPECT_LT(MaxDifference(AttendOnCpu(batch, q, k, v, 2), layout.Attend(q, k, v, 2)), 1e-4);
  }
}

TEST(CpuAttentionTest, WhatBelongsToNoTextIsZero) {
  const c10::InferenceMode inference;
  const std::vector<Encoding> texts = RandomTexts({5, 9});
  const BatchShape shape{20, 4};
  const at::Tensor packed = at::empty({PackedSize(shape)}, at::kInt);
  std::vector<int64_t> starts = PackInto({&texts[0], &texts[1]}, shape, packed);
  PackedBatch batch = ViewOf(packed, shape);
  batch.starts = starts;
  batch.max_length = 9;
  const at::Tensor x = at::randn({20, 32});
  const at::Tensor padded = AttendOnCpu(batch, x, x, x, 2);
  EXPECT_EQ(padded.narrow(0, 14, 6).abs().max().item<float>(), 0);
  const at::Tensor alone =
      AttendOnCpu(Pack(texts), x.narrow(0, 0, 14), x.narrow(0, 0, 14), x.narrow(0, 0, 14), 2);
  EXPECT_LT(MaxDifference(padded.narrow(0, 0, 14), alone), 1e-6);
}

}  // namespace
}  // namespace newsgenre
