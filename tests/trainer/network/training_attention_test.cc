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

struct Heads {
  int64_t count;
  int64_t width;
};
// Whole vectors of AVX-512, of AVX2 alone, and of neither.
constexpr Heads kHeads[] = {{2, 16}, {3, 20}, {1, 32}, {2, 64}, {1, 72}, {2, 5}};

// What goes in and what comes out of a pass forward and backward.
struct Case {
  QkvTensors parts;
  at::Tensor dcontext;
  AttentionOutput attended;
  QkvTensors gradients;
};

// The parts as slices of one matrix, or, with one query a text, each by itself.
Case RandomInputs(const PackedBatch& batch, Heads heads, bool one_query, at::ScalarType type) {
  const int64_t hidden = heads.count * heads.width;
  const auto random = [&](int64_t rows, int64_t columns) {
    return (1.5 * at::randn({rows, columns})).to(type);
  };
  Case run;
  if (one_query) {
    run.parts = {random(batch.rows(), hidden), random(batch.texts(), hidden), random(batch.rows(), hidden)};
  } else {
    const auto parts = random(batch.rows(), 3 * hidden).chunk(3, 1);
    run.parts = {parts[0], parts[1], parts[2]};
  }
  run.dcontext = random(run.parts.queries.size(0), hidden);
  return run;
}

// Gradients start as ones, in a matrix like that of the parts.
void Attend(const TrainingAttention& attention, Case* run) {
  run->attended = attention.Forward(run->parts);
  const auto ones = [](const at::Tensor& part) {
    return at::ones({part.size(0), 3 * part.size(1)}, part.options()).chunk(3, 1)[1];
  };
  run->gradients = {ones(run->parts.keys), ones(run->parts.queries), ones(run->parts.values)};
  attention.Backward(run->parts, run->attended, run->dcontext, run->gradients);
}

struct Right {
  at::Tensor context;
  QkvTensors gradients;
};

// The formula in fp64, and autograd's gradients of it.
Right InFp64(const PackedBatch& batch, Heads heads, const Case& run) {
  const auto leaf = [](const at::Tensor& part) { return part.to(at::kDouble).detach().requires_grad_(true); };
  const QkvTensors parts = {leaf(run.parts.keys), leaf(run.parts.queries), leaf(run.parts.values)};
  const bool one_query = parts.queries.size(0) != batch.rows();
  const at::Tensor context = at::zeros(parts.queries.sizes(), at::kDouble);
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t start = batch.starts[text], length = batch.length(text);
    if (length == 0) continue;
    const auto by_head = [&](const at::Tensor& x, bool one) {
      const at::Tensor rows = one ? x.narrow(0, text, 1) : x.narrow(0, start, length);
      return rows.view({-1, heads.count, heads.width}).transpose(0, 1);
    };
    const at::Tensor scores =
        at::matmul(by_head(parts.queries, one_query), by_head(parts.keys, false).transpose(1, 2)) /
        std::sqrt(static_cast<double>(heads.width));
    by_head(context, one_query).add_(at::matmul(at::softmax(scores, -1), by_head(parts.values, false)));
  }
  (context * run.dcontext.to(at::kDouble)).sum().backward();
  return {context, {parts.keys.grad(), parts.queries.grad(), parts.values.grad()}};
}

double Error(const at::Tensor& value, const at::Tensor& right) {
  return (value.to(at::kDouble) - right).abs().max().item<double>() /
         std::max(1.0, right.abs().max().item<double>());
}

double WorstError(const Case& run, const Right& right) {
  return std::max({Error(run.attended.context, right.context),
                   Error(run.gradients.keys, right.gradients.keys),
                   Error(run.gradients.queries, right.gradients.queries),
                   Error(run.gradients.values, right.gradients.values)});
}

bool Equal(const Case& a, const Case& b) {
  return at::equal(a.attended.context, b.attended.context) && at::equal(a.gradients.keys, b.gradients.keys) &&
         at::equal(a.gradients.queries, b.gradients.queries) &&
         at::equal(a.gradients.values, b.gradients.values);
}

class TrainingAttentionTest : public testing::TestWithParam<Instructions> {
 protected:
  void SetUp() override {
    if (!Has(GetParam())) GTEST_SKIP() << "this processor has no " << NameOf(GetParam());
    at::manual_seed(4);
    at::set_num_threads(2);
  }
};

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, TrainingAttentionTest,
                         testing::Values(Instructions::kAvx2, Instructions::kAvx512), [](const auto& info) {
                           return info.param == Instructions::kAvx2 ? "Avx2" : "Avx512";
                         });

TEST_P(TrainingAttentionTest, AgreesWithTheFormulaAndAutograd) {
  for (const std::vector<int>& lengths :
       {std::vector<int>{1}, {2}, {1, 2, 15, 16, 17, 130}, {48, 49, 24, 25}, {600}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    for (const Heads heads : kHeads) {
      const TrainingAttention attention(GetParam(), batch, heads.count);
      for (const bool one_query : {false, true}) {
        Case run = RandomInputs(batch, heads, one_query, at::kFloat);
        Attend(attention, &run);
        EXPECT_LT(WorstError(run, InFp64(batch, heads, run)), 1e-5)
            << lengths.size() << " texts, heads of " << heads.width << ", one query " << one_query;
      }
    }
  }
}

// By 2⁻⁹ of a value, and gradients by some more, because the rounded context is in them.
TEST_P(TrainingAttentionTest, InBf16OnlyResultsAreRounded) {
  for (const std::vector<int>& lengths : {std::vector<int>{1, 30, 17, 100}, {200}}) {
    const PackedBatch batch = Pack(RandomTexts(lengths));
    for (const Heads heads : kHeads) {
      const TrainingAttention attention(GetParam(), batch, heads.count);
      for (const bool one_query : {false, true}) {
        Case run = RandomInputs(batch, heads, one_query, at::kBFloat16);
        Attend(attention, &run);
        EXPECT_EQ(run.attended.context.scalar_type(), at::kBFloat16);
        EXPECT_LT(WorstError(run, InFp64(batch, heads, run)), 0.01) << "heads of " << heads.width;
        EXPECT_TRUE(at::equal(run.attended.context,
                              attention
                                  .Forward({run.parts.keys.to(at::kFloat), run.parts.queries.to(at::kFloat),
                                            run.parts.values.to(at::kFloat)})
                                  .context.to(at::kBFloat16)));
      }
    }
  }
}

TEST_P(TrainingAttentionTest, TheNumberOfThreadsChangesNoBit) {
  const std::vector<int> lengths = {90, 3, 128, 40, 41, 1, 77, 300};
  const PackedBatch batch = Pack(RandomTexts(lengths));
  for (const Heads heads : {Heads{3, 20}, Heads{2, 64}}) {
    const TrainingAttention attention(GetParam(), batch, heads.count);
    for (const bool one_query : {false, true}) {
      Case one = RandomInputs(batch, heads, one_query, at::kBFloat16), more = one;
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

// Its own columns and rows are all that a head of a text writes.
TEST_P(TrainingAttentionTest, ATextsResultDoesNotDependOnTheOthers) {
  const PackedBatch batch = Pack(RandomTexts({20, 51, 9})), alone = Pack(RandomTexts({51}));
  for (const Heads heads : kHeads) {
    Case all = RandomInputs(batch, heads, false, at::kFloat), one = all;
    for (at::Tensor* part : {&one.parts.keys, &one.parts.queries, &one.parts.values, &one.dcontext}) {
      *part = part->narrow(0, 20, 51);
    }
    Attend(TrainingAttention(GetParam(), batch, heads.count), &all);
    Attend(TrainingAttention(GetParam(), alone, heads.count), &one);
    for (at::Tensor* result :
         {&all.attended.context, &all.gradients.keys, &all.gradients.queries, &all.gradients.values}) {
      *result = result->narrow(0, 20, 51);
    }
    EXPECT_TRUE(Equal(all, one)) << "heads of " << heads.width;
  }
}

// Rows of no text, even if they hold no numbers, and texts without rows.
TEST_P(TrainingAttentionTest, PaddingGetsZeros) {
  const PackedBatch batch = PackPadded(RandomTexts({5, 9}));
  for (const bool one_query : {false, true}) {
    Case run = RandomInputs(batch, {3, 20}, one_query, at::kFloat);
    const Right right = InFp64(batch, {3, 20}, run);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const at::Tensor& part : {run.parts.keys, run.parts.queries, run.parts.values, run.dcontext}) {
      const int64_t used = part.size(0) == batch.rows() ? 14 : 2;
      part.narrow(0, used, part.size(0) - used).fill_(nan);
    }
    Attend(TrainingAttention(GetParam(), batch, 3), &run);
    EXPECT_LT(WorstError(run, right), 1e-5);
    for (const at::Tensor& result :
         {run.attended.context, run.gradients.keys, run.gradients.queries, run.gradients.values}) {
      const int64_t used = result.size(0) == batch.rows() ? 14 : 2;
      EXPECT_EQ(result.narrow(0, used, result.size(0) - used).count_nonzero().item<int64_t>(), 0);
    }
  }
}

// Scores so far apart that only the largest counts, and all far below zero.
TEST_P(TrainingAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  const PackedBatch batch = Pack(RandomTexts({5, 20}));
  for (const double sign : {1.0, -1.0}) {
    Case run = RandomInputs(batch, {2, 16}, false, at::kFloat);
    // Whole numbers, so that fp32 has the scores exactly.
    run.parts.keys.copy_((30 * run.parts.keys).abs().round());
    run.parts.queries.copy_(sign * (30 * run.parts.queries).abs().round());
    Attend(TrainingAttention(GetParam(), batch, 2), &run);
    EXPECT_LT(WorstError(run, InFp64(batch, {2, 16}, run)), 1e-3);
  }
}

// So that a training that has diverged is seen.
TEST_P(TrainingAttentionTest, WhatIsNoNumberStaysNone) {
  const PackedBatch batch = Pack(RandomTexts({20, 33}));
  const auto sum = [](const at::Tensor& x) { return x.sum().item<float>(); };
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const auto& part : {&QkvTensors::keys, &QkvTensors::queries, &QkvTensors::values}) {
      Case run = RandomInputs(batch, {2, 16}, false, at::kFloat);
      (run.parts.*part)[3][18] = bad;
      Attend(TrainingAttention(GetParam(), batch, 2), &run);
      EXPECT_FALSE(std::isfinite(sum(run.attended.context.narrow(0, 0, 20))));
      EXPECT_FALSE(std::isfinite(sum(run.gradients.keys.narrow(0, 0, 20))));
      EXPECT_TRUE(std::isfinite(sum(run.attended.context.narrow(0, 20, 33))));
      EXPECT_TRUE(std::isfinite(sum(run.gradients.keys.narrow(0, 20, 33))));
    }
  }
}

}  // namespace
}  // namespace newsgenre
