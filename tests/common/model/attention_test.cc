#include "common/model/attention.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <limits>

#include "common/device/device.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

constexpr int64_t kHeads = 2, kHidden = 16;

PackedBatch BatchOf(const std::vector<int64_t>& lengths, c10::Device device = c10::kCPU) {
  std::vector<Encoding> encodings;
  for (const int64_t length : lengths) encodings.push_back({std::vector<int32_t>(length, 5)});
  std::vector<const Encoding*> pointers;
  for (const Encoding& encoding : encodings) pointers.push_back(&encoding);
  return PackBatch(pointers, device);
}

// Computes the definition, text by text.
at::Tensor Naive(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const PackedBatch& batch) {
  const bool all = q.size(0) == batch.tokens();
  const auto by_head = [](const at::Tensor& x) { return x.reshape({-1, kHeads, kHidden / kHeads}); };
  std::vector<at::Tensor> contexts;
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t start = batch.starts[text], length = batch.length(text);
    const at::Tensor queries = by_head(all ? q.narrow(0, start, length) : q.narrow(0, text, 1));
    const at::Tensor keys = by_head(k.narrow(0, start, length)), values = by_head(v.narrow(0, start, length));
    const at::Tensor scores = at::einsum("qhw,khw->hqk", {queries, keys}) / std::sqrt(kHidden / kHeads);
    contexts.push_back(at::einsum("hqk,khw->qhw", {at::softmax(scores, -1), values}).reshape({-1, kHidden}));
  }
  return at::cat(contexts);
}

double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.cpu() - b.cpu()).abs().max().item<double>();
}

struct Inputs {
  at::Tensor q, k, v, weights;
};

// `weights` reduces the result to a scalar with a different gradient for each element.
Inputs RandomInputs(int64_t queries, int64_t tokens, c10::Device device = c10::kCPU) {
  at::manual_seed(7);
  const auto random = [&](int64_t rows) { return at::randn({rows, kHidden}, at::kFloat).to(device); };
  Inputs inputs{random(queries), random(tokens), random(tokens), random(queries)};
  for (at::Tensor* tensor : {&inputs.q, &inputs.k, &inputs.v}) tensor->requires_grad_();
  return inputs;
}

// Compares Attend and its gradients with the definition. If `first`, each text has one query.
void ExpectMatchesDefinition(const std::vector<int64_t>& lengths, bool first,
                             c10::Device device = c10::kCPU) {
  const PackedBatch batch = BatchOf(lengths, device), cpu_batch = BatchOf(lengths);
  const int64_t queries = first ? batch.texts() : batch.tokens();
  const Inputs inputs = RandomInputs(queries, batch.tokens(), device);
  const Inputs reference = RandomInputs(queries, batch.tokens());

  const at::Tensor context = AttentionLayout(batch, 0.0).Attend(inputs.q, inputs.k, inputs.v, kHeads);
  const at::Tensor expected = Naive(reference.q, reference.k, reference.v, cpu_batch);
  ASSERT_EQ(context.sizes(), expected.sizes());
  EXPECT_LT(MaxDifference(context, expected), 1e-6);

  (context * inputs.weights).sum().backward();
  (expected * reference.weights).sum().backward();
  EXPECT_LT(MaxDifference(inputs.q.grad(), reference.q.grad()), 1e-5);
  EXPECT_LT(MaxDifference(inputs.k.grad(), reference.k.grad()), 1e-5);
  EXPECT_LT(MaxDifference(inputs.v.grad(), reference.v.grad()), 1e-5);
}

const std::vector<int64_t> kLengthLists[] = {
    {1}, {1, 1, 1}, {9}, {40, 40, 40}, {5, 300, 17, 1, 80, 79, 2, 130, 17}, {512, 3, 511, 90, 4},
};

TEST(AttentionTest, MatchesTheDefinitionForAllTokens) {
  for (const auto& lengths : kLengthLists) ExpectMatchesDefinition(lengths, /*first=*/false);
}

TEST(AttentionTest, MatchesTheDefinitionForOneQueryPerText) {
  for (const auto& lengths : kLengthLists) ExpectMatchesDefinition(lengths, /*first=*/true);
}

// Padding rows and texts do not change the other results, even if they contain NaN. Slices of a packed
// product give the same results as separate matrices.
TEST(AttentionTest, AcceptsPaddingAndSlices) {
  const std::vector<int64_t> lengths = {5, 30, 17, 1, 12};
  std::vector<Encoding> encodings;
  for (const int64_t length : lengths) encodings.push_back({std::vector<int32_t>(length, 5)});
  std::vector<const Encoding*> pointers;
  for (const Encoding& encoding : encodings) pointers.push_back(&encoding);
  const BatchShape shape{80, 9};
  const at::Tensor packed = at::empty({PackedSize(shape)}, at::kInt);
  PackedBatch padded = ViewOf(packed, shape);
  padded.starts = PackInto(pointers, shape, packed);
  const PackedBatch exact = BatchOf(lengths);
  const int64_t tokens = exact.tokens(), texts = exact.texts();

  at::manual_seed(7);
  const at::Tensor qkv = at::randn({shape.rows, 3 * kHidden}, at::kFloat);
  qkv.narrow(0, tokens, shape.rows - tokens).fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor first = at::randn({shape.texts, kHidden}, at::kFloat);
  const auto parts = qkv.chunk(3, 1), exact_parts = qkv.narrow(0, 0, tokens).contiguous().chunk(3, 1);
  const AttentionLayout layout(padded, 0.0), exact_layout(exact, 0.0);

  const at::Tensor all = layout.Attend(parts[0], parts[1], parts[2], kHeads);
  ASSERT_EQ(all.size(0), shape.rows);
  EXPECT_LT(MaxDifference(all.narrow(0, 0, tokens), exact_layout.Attend(exact_parts[0], exact_parts[1],
                                                                        exact_parts[2].contiguous(), kHeads)),
            1e-6);
  const at::Tensor one = layout.Attend(first, parts[1], parts[2], kHeads);
  ASSERT_EQ(one.size(0), shape.texts);
  EXPECT_LT(
      MaxDifference(one.narrow(0, 0, texts),
                    exact_layout.Attend(first.narrow(0, 0, texts), exact_parts[1], exact_parts[2], kHeads)),
      1e-6);
}

TEST(AttentionTest, DropoutDropsProbabilitiesAndKeepsTheirMean) {
  const PackedBatch batch = BatchOf({200, 150, 20});
  const Inputs inputs = RandomInputs(batch.tokens(), batch.tokens());
  const at::Tensor ones = at::ones_like(inputs.v);
  const AttentionLayout layout(batch, 0.5);
  // With values of one, a context is the sum of the remaining probabilities.
  at::manual_seed(3);
  const at::Tensor sums = layout.Attend(inputs.q, inputs.k, ones, kHeads);
  EXPECT_NEAR(sums.mean().item<double>(), 1.0, 0.02);
  EXPECT_GT(sums.std().item<double>(), 0.05);
  EXPECT_LT(MaxDifference(AttentionLayout(batch, 0.0).Attend(inputs.q, inputs.k, ones, kHeads), ones), 1e-6);
  at::manual_seed(3);
  EXPECT_EQ(MaxDifference(layout.Attend(inputs.q, inputs.k, ones, kHeads), sums), 0.0);
}

// Checks that both passes drop the same probabilities. A context is linear in the values, so the gradient
// times the values is then the context.
void ExpectSameDropoutBackward(c10::Device device) {
  const PackedBatch batch = BatchOf({200, 150, 20}, device);
  for (const int64_t queries : {batch.tokens(), batch.texts()}) {
    const Inputs inputs = RandomInputs(queries, batch.tokens(), device);
    const at::Tensor sum =
        (AttentionLayout(batch, 0.5).Attend(inputs.q, inputs.k, inputs.v, kHeads) * inputs.weights).sum();
    sum.backward();
    EXPECT_NEAR((inputs.v.grad() * inputs.v.detach()).sum().item<double>(), sum.item<double>(), 1e-2);
  }
}

TEST(AttentionTest, BackwardDropsTheSameProbabilities) { ExpectSameDropoutBackward(c10::kCPU); }

TEST(AttentionTest, BackwardDropsTheSameProbabilitiesOnCuda) {
  const auto device = ParseDevice("cuda:0");
  if (!device.ok()) GTEST_SKIP() << device.status().message();
  ExpectSameDropoutBackward(*device);
}

TEST(AttentionTest, MatchesTheDefinitionOnCuda) {
  const auto device = ParseDevice("cuda:0");
  if (!device.ok()) GTEST_SKIP() << device.status().message();
  for (const auto& lengths : kLengthLists) {
    ExpectMatchesDefinition(lengths, /*first=*/false, *device);
    ExpectMatchesDefinition(lengths, /*first=*/true, *device);
  }
}

}  // namespace
}  // namespace newsgenre
