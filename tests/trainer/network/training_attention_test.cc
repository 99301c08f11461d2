#include "trainer/network/training_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

struct HeadShape {
  int64_t count;
  int64_t width;
};
// The widths are whole vectors of AVX-512, of AVX2 only, or of neither.
constexpr HeadShape kHeads[] = {{2, 16}, {3, 20}, {1, 32}, {2, 64}, {1, 72}, {2, 5}};

// The inputs and outputs of a forward and a backward pass.
struct AttentionRun {
  QkvTensors qkv;
  at::Tensor dcontext;
  AttentionOutput output;
  QkvTensors gradients;
};

// Returns qkv as slices of one matrix, or as separate matrices if there is one query per
// text.
AttentionRun RandomInputs(const PackedBatch& batch, HeadShape heads, bool one_query, at::ScalarType type) {
  const int64_t hidden = heads.count * heads.width;
  const auto random = [&](int64_t rows, int64_t columns) {
    return (1.5 * at::randn({rows, columns})).to(type);
  };
  AttentionRun run;
  if (one_query) {
    run.qkv = {random(batch.rows(), hidden), random(batch.texts(), hidden), random(batch.rows(), hidden)};
  } else {
    const auto qkv = random(batch.rows(), 3 * hidden).chunk(3, 1);
    run.qkv = {qkv[0], qkv[1], qkv[2]};
  }
  run.dcontext = random(run.qkv.queries.size(0), hidden);
  return run;
}

// Runs both passes. Gradients are slices of a wider matrix and start as ones.
void Attend(const TrainingAttention& attention, AttentionRun* run) {
  run->output = attention.Forward(run->qkv);
  const auto ones = [](const at::Tensor& part) {
    return at::ones({part.size(0), 3 * part.size(1)}, part.options()).chunk(3, 1)[1];
  };
  run->gradients = {ones(run->qkv.keys), ones(run->qkv.queries), ones(run->qkv.values)};
  attention.Backward(run->qkv, run->output, run->dcontext, run->gradients);
}

struct Expected {
  at::Tensor context;
  QkvTensors gradients;
};

// Returns the formula in fp64, and its gradients by autograd.
Expected ExpectedInFp64(const PackedBatch& batch, HeadShape heads, const AttentionRun& run) {
  const auto leaf = [](const at::Tensor& part) { return part.to(at::kDouble).detach().requires_grad_(true); };
  const QkvTensors qkv = {leaf(run.qkv.keys), leaf(run.qkv.queries), leaf(run.qkv.values)};
  const bool one_query = qkv.queries.size(0) != batch.rows();
  const at::Tensor context = at::zeros(qkv.queries.sizes(), at::kDouble);
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t start = batch.starts[text], length = batch.length(text);
    if (length == 0) continue;
    const auto by_head = [&](const at::Tensor& x, bool one) {
      const at::Tensor rows = one ? x.narrow(0, text, 1) : x.narrow(0, start, length);
      return rows.view({-1, heads.count, heads.width}).transpose(0, 1);
    };
    const at::Tensor scores =
        at::matmul(by_head(qkv.queries, one_query), by_head(qkv.keys, false).transpose(1, 2)) /
        std::sqrt(static_cast<double>(heads.width));
    by_head(context, one_query).add_(at::matmul(at::softmax(scores, -1), by_head(qkv.values, false)));
  }
  (context * run.dcontext.to(at::kDouble)).sum().backward();
  return {context, {qkv.keys.grad(), qkv.queries.grad(), qkv.values.grad()}};
}

double Error(const at::Tensor& value, const at::Tensor& expected) {
  return (value.to(at::kDouble) - expected).abs().max().item<double>() /
         std::max(1.0, expected.abs().max().item<double>());
}

double WorstError(const AttentionRun& run, const Expected& expected) {
  return std::max({Error(run.output.context, expected.context),
                   Error(run.gradients.keys, expected.gradients.keys),
                   Error(run.gradients.queries, expected.gradients.queries),
                   Error(run.gradients.values, expected.gradients.values)});
}

bool Equal(const AttentionRun& a, const AttentionRun& b) {
  return at::equal(a.output.context, b.output.context) && at::equal(a.gradients.keys, b.gradients.keys) &&
         at::equal(a.gradients.queries, b.gradients.queries) &&
         at::equal(a.gradients.values, b.gradients.values);
}

class TrainingAttentionTest : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (!CpuSupports(GetParam())) GTEST_SKIP() << "this processor has no " << InstructionSetName(GetParam());
    at::manual_seed(4);
    at::set_num_threads(2);
  }
};

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, TrainingAttentionTest,
                         testing::Values(InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& info) {
                           return info.param == InstructionSet::kAvx2 ? "Avx2" : "Avx512";
                         });

TEST_P(TrainingAttentionTest, AgreesWithTheFormulaAndAutograd) {
  for (const std::vector<int>& lengths :
       {std::vector<int>{1}, {2}, {1, 2, 15, 16, 17, 130}, {48, 49, 24, 25}, {600}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    for (const HeadShape heads : kHeads) {
      const TrainingAttention attention(GetParam(), batch, heads.count);
      for (const bool one_query : {false, true}) {
        AttentionRun run = RandomInputs(batch, heads, one_query, at::kFloat);
        Attend(attention, &run);
        EXPECT_LT(WorstError(run, ExpectedInFp64(batch, heads, run)), 1e-5)
            << lengths.size() << " texts, heads of " << heads.width << ", one query " << one_query;
      }
    }
  }
}

// Rounding is 2⁻⁹ of a value, and somewhat more for gradients, which depend on the rounded context.
TEST_P(TrainingAttentionTest, Bf16RoundsOnlyTheResults) {
  for (const std::vector<int>& lengths : {std::vector<int>{1, 30, 17, 100}, {200}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    for (const HeadShape heads : kHeads) {
      const TrainingAttention attention(GetParam(), batch, heads.count);
      for (const bool one_query : {false, true}) {
        AttentionRun run = RandomInputs(batch, heads, one_query, at::kBFloat16);
        Attend(attention, &run);
        EXPECT_EQ(run.output.context.scalar_type(), at::kBFloat16);
        EXPECT_LT(WorstError(run, ExpectedInFp64(batch, heads, run)), 0.01) << "heads of " << heads.width;
        EXPECT_TRUE(at::equal(run.output.context,
                              attention
                                  .Forward({run.qkv.keys.to(at::kFloat), run.qkv.queries.to(at::kFloat),
                                            run.qkv.values.to(at::kFloat)})
                                  .context.to(at::kBFloat16)));
      }
    }
  }
}

TEST_P(TrainingAttentionTest, NumberOfThreadsDoesNotChangeBits) {
  const std::vector<int> lengths = {90, 3, 128, 40, 41, 1, 77, 300};
  const PackedBatch batch = Pack(RandomTexts(lengths));
  for (const HeadShape heads : {HeadShape{3, 20}, HeadShape{2, 64}}) {
    const TrainingAttention attention(GetParam(), batch, heads.count);
    for (const bool one_query : {false, true}) {
      AttentionRun one = RandomInputs(batch, heads, one_query, at::kBFloat16), more = one;
      at::set_num_threads(1);
      Attend(attention, &one);
      for (const int threads : {2, 5}) {
        at::set_num_threads(threads);
        Attend(attention, &more);
        EXPECT_TRUE(Equal(one, more)) << threads << " threads";
      }
    }
  }
}

// A head of a text writes only its own columns and rows.
TEST_P(TrainingAttentionTest, ResultOfATextDoesNotDependOnOtherTexts) {
  const PackedBatch batch = Pack(RandomTexts({20, 51, 9})), alone = Pack(RandomTexts({51}));
  for (const HeadShape heads : kHeads) {
    AttentionRun all = RandomInputs(batch, heads, false, at::kFloat), one = all;
    for (at::Tensor* part : {&one.qkv.keys, &one.qkv.queries, &one.qkv.values, &one.dcontext}) {
      *part = part->narrow(0, 20, 51);
    }
    Attend(TrainingAttention(GetParam(), batch, heads.count), &all);
    Attend(TrainingAttention(GetParam(), alone, heads.count), &one);
    for (at::Tensor* result :
         {&all.output.context, &all.gradients.keys, &all.gradients.queries, &all.gradients.values}) {
      *result = result->narrow(0, 20, 51);
    }
    EXPECT_TRUE(Equal(all, one)) << "heads of " << heads.width;
  }
}

// Covers rows that belong to no text, even if they contain NaN, and texts without rows.
TEST_P(TrainingAttentionTest, PaddingGetsZeros) {
  const PackedBatch batch = PackPadded(RandomTexts({5, 9}));
  for (const bool one_query : {false, true}) {
    AttentionRun run = RandomInputs(batch, {3, 20}, one_query, at::kFloat);
    const Expected expected = ExpectedInFp64(batch, {3, 20}, run);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const at::Tensor& part : {run.qkv.keys, run.qkv.queries, run.qkv.values, run.dcontext}) {
      const int64_t used = part.size(0) == batch.rows() ? 14 : 2;
      part.narrow(0, used, part.size(0) - used).fill_(nan);
    }
    Attend(TrainingAttention(GetParam(), batch, 3), &run);
    EXPECT_LT(WorstError(run, expected), 1e-5);
    for (const at::Tensor& result :
         {run.output.context, run.gradients.keys, run.gradients.queries, run.gradients.values}) {
      const int64_t used = result.size(0) == batch.rows() ? 14 : 2;
      EXPECT_EQ(result.narrow(0, used, result.size(0) - used).count_nonzero().item<int64_t>(), 0);
    }
  }
}

// The scores are so far apart that only the largest counts, or all far below zero.
TEST_P(TrainingAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  const PackedBatch batch = Pack(RandomTexts({5, 20}));
  for (const double sign : {1.0, -1.0}) {
    AttentionRun run = RandomInputs(batch, {2, 16}, false, at::kFloat);
    // With integers, the scores are exact in fp32.
    run.qkv.keys.copy_((30 * run.qkv.keys).abs().round());
    run.qkv.queries.copy_(sign * (30 * run.qkv.queries).abs().round());
    Attend(TrainingAttention(GetParam(), batch, 2), &run);
    EXPECT_LT(WorstError(run, ExpectedInFp64(batch, {2, 16}, run)), 1e-3);
  }
}

// If they were finite, a diverged training would go unnoticed.
TEST_P(TrainingAttentionTest, NonFiniteInputsGiveNonFiniteResults) {
  const PackedBatch batch = Pack(RandomTexts({20, 33}));
  const auto sum = [](const at::Tensor& x) { return x.sum().item<float>(); };
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const auto& part : {&QkvTensors::keys, &QkvTensors::queries, &QkvTensors::values}) {
      AttentionRun run = RandomInputs(batch, {2, 16}, false, at::kFloat);
      (run.qkv.*part)[3][18] = bad;
      Attend(TrainingAttention(GetParam(), batch, 2), &run);
      EXPECT_FALSE(std::isfinite(sum(run.output.context.narrow(0, 0, 20))));
      EXPECT_FALSE(std::isfinite(sum(run.gradients.keys.narrow(0, 0, 20))));
      EXPECT_TRUE(std::isfinite(sum(run.output.context.narrow(0, 20, 33))));
      EXPECT_TRUE(std::isfinite(sum(run.gradients.keys.narrow(0, 20, 33))));
    }
  }
}

}  // namespace
}  // namespace newsgenre
