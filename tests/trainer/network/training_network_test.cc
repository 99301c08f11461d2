#include "trainer/network/training_network.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <functional>
#include <utility>

#include "gmock/gmock.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

at::Tensor Labels(int64_t texts) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < texts; ++i) labels.push_back(i % 4);
  return at::tensor(labels);
}

Albert WithoutDropout(const NetworkCase& network) { return WithDropout(RandomModel(network), 0.0); }

class TrainingNetworkTest : public testing::TestWithParam<NetworkCase> {
 protected:
  TrainingNetworkTest() { at::set_num_threads(1); }

  // 110 tokens. oneDNN is used if the number of rows is a multiple of 16.
  const std::vector<Encoding> texts_ = RandomTexts({40, 7, 33, 1, 21, 8});
};

INSTANTIATE_TEST_SUITE_P(All, TrainingNetworkTest, testing::ValuesIn(kNetworkCases));

// Returns the largest error of a tensor's gradient relative to its norm, compared with autograd's gradients
// of the plain network.
double GradientError(const TrainingNetwork& network, Albert plain, const PackedBatch& batch) {
  for (const auto& [name, tensor] : plain.parameters()) {
    EXPECT_TRUE(tensor.is_leaf());
  }
  plain.SetRequiresGrad(true);
  at::cross_entropy_loss(plain.Logits(batch), Labels(batch.texts())).backward();
  double sum_of_squares = 0;
  for (const auto& [name, tensor] : plain.parameters()) {
    sum_of_squares += std::pow(tensor.grad().norm().item<double>(), 2);
  }
  double worst = 0;
  for (const auto& [name, gradient] : network.parameters().Views(network.gradients())) {
    const at::Tensor expected = plain.parameters().at(name).grad();
    const double size = std::max(expected.norm().item<double>(), 1e-3 * std::sqrt(sum_of_squares));
    worst = std::max(worst, (gradient - expected).norm().item<double>() / size);
  }
  return worst;
}

TEST_P(TrainingNetworkTest, GradientsMatchAutogradOfThePlainNetwork) {
  const Albert model = WithoutDropout(GetParam());
  std::vector<Encoding> texts = texts_;
  texts.push_back(texts_[0]);
  texts.back().ids.resize(18);  // 128 tokens
  for (const auto& some : {texts_, texts}) {
    for (const ProductLibrary library : {ProductLibrary::kTorch, ProductLibrary::kOneDnn}) {
      const PackedBatch batch = Pack(some);
      TrainingNetwork network(model, c10::kCPU, at::kFloat, library);
      const BatchResult result =
          network.AccumulateGradients(batch, {Labels(batch.texts())}, 1.0 / batch.texts());
      EXPECT_LT(GradientError(network, WithoutDropout(GetParam()), batch), 2e-4)
          << ProductLibraryName(library);
      EXPECT_LT(MaxDifference(network.Logits(batch), model.Logits(batch)), 1e-5);
      const at::Tensor loss =
          at::cross_entropy_loss(model.Logits(batch), Labels(batch.texts()), {}, at::Reduction::Sum);
      EXPECT_NEAR(result.loss.item<float>(), loss.item<float>(), 1e-4);
    }
  }
}

// The second batch has many rows: sums over them must not be in bf16.
TEST_P(TrainingNetworkTest, Bf16GradientsAreClose) {
  for (const auto& texts : {texts_, RandomTexts(std::vector<int>(24, 100))}) {
    const PackedBatch batch = Pack(texts);
    TrainingNetwork network(WithoutDropout(GetParam()), c10::kCPU, at::kBFloat16);
    network.AccumulateGradients(batch, {Labels(batch.texts())}, 1.0 / static_cast<double>(batch.texts()));
    EXPECT_EQ(network.gradients().scalar_type(), at::kFloat);
    EXPECT_LT(GradientError(network, WithoutDropout(GetParam()), batch), 0.04);
  }
}

TEST_P(TrainingNetworkTest, PaddingRowsAddNothing) {
  const std::vector<Encoding> texts = RandomTexts({5, 9});
  const Albert model = WithoutDropout(GetParam());
  TrainingNetwork plain(model, c10::kCPU, at::kFloat), padded(model, c10::kCPU, at::kFloat);
  plain.AccumulateGradients(Pack(texts), {Labels(2)}, 0.5);
  PackedBatch batch = PackPadded(texts);
  batch.first_rows = batch.first_rows.narrow(0, 0, 2);  // has padding rows, but no padding texts
  batch.starts.resize(3);
  padded.AccumulateGradients(batch, {Labels(2)}, 0.5);
  EXPECT_LT((plain.gradients() - padded.gradients()).norm().item<double>(),
            1e-5 * plain.gradients().norm().item<double>());
}

TEST_P(TrainingNetworkTest, GradientsOfTwoBatchesAddUp) {
  const Albert model = WithoutDropout(GetParam());
  TrainingNetwork whole(model, c10::kCPU, at::kFloat), parts(model, c10::kCPU, at::kFloat);
  whole.AccumulateGradients(Pack(texts_), {Labels(6)}, 1.0 / 6);
  parts.AccumulateGradients(Pack({texts_[0], texts_[1], texts_[2], texts_[3]}), {Labels(4)}, 1.0 / 6);
  const at::Tensor rest = Labels(6).narrow(0, 4, 2);
  parts.AccumulateGradients(Pack({texts_[4], texts_[5]}), {rest}, 1.0 / 6);
  EXPECT_LT((whole.gradients() - parts.gradients()).norm().item<double>(),
            1e-5 * whole.gradients().norm().item<double>());
  parts.ZeroGradients();
  EXPECT_EQ(parts.gradients().abs().max().item<float>(), 0);
}

// Expects the loss to change along the gradient's direction by the gradient's norm, with the same dropout
// masks. `run` runs one pass and returns its loss.
void ExpectGradientMatchesDifferenceQuotient(TrainingNetwork* network, const std::function<double()>& run) {
  const auto loss = [&] {
    network->Refresh();
    at::manual_seed(3);
    return run();
  };
  loss();
  const at::Tensor gradient = network->gradients().clone();
  const at::Tensor direction = gradient / gradient.norm();
  const at::Tensor& values = network->parameters().values();
  constexpr double kStep = 2e-3;
  values.add_(direction, kStep);
  const double above = loss();
  values.sub_(direction, 2 * kStep);
  const double below = loss();
  values.add_(direction, kStep);
  const double norm = gradient.norm().item<double>();
  EXPECT_NEAR((above - below) / (2 * kStep), norm, 0.03 * norm);
}

TEST_P(TrainingNetworkTest, GradientsAreCorrectWithDropout) {
  const PackedBatch batch = Pack(texts_);
  TrainingNetwork network(WithDropout(RandomModel(GetParam()), 0.3), c10::kCPU, at::kFloat);
  const auto loss = [&](TrainingNetwork* trained) {
    return trained->AccumulateGradients(batch, {Labels(6)}, 1.0).loss.item<double>();
  };
  ExpectGradientMatchesDifferenceQuotient(&network, [&] { return loss(&network); });

  TrainingNetwork plain(WithoutDropout(GetParam()), c10::kCPU, at::kFloat);
  at::manual_seed(3);
  EXPECT_GT(std::abs(loss(&plain) - loss(&network)), 1e-3);
}

TEST_P(TrainingNetworkTest, UsesNewWeightsAfterRefresh) {
  const PackedBatch batch = Pack(texts_);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    TrainingNetwork network(WithoutDropout(GetParam()), c10::kCPU, type);
    const double before = network.AccumulateGradients(batch, {Labels(6)}, 1.0 / 6).loss.item<double>();
    network.parameters().values().sub_(network.gradients(), 0.05);
    network.Refresh();
    EXPECT_LT(network.AccumulateGradients(batch, {Labels(6)}, 1.0 / 6).loss.item<double>(), before);
  }
}

// Only the words of the texts since ZeroGradients have gradients.
TEST_P(TrainingNetworkTest, ReturnsTheWordRowsWithGradients) {
  TrainingNetwork network(WithoutDropout(GetParam()), c10::kCPU, at::kFloat);
  const auto rows_with_gradients = [&] {
    const at::Tensor words = network.parameters().WordEmbeddings(network.gradients());
    return words.ne(0).any(1).nonzero().flatten();
  };
  const std::vector<Encoding> first = {{{5, 9, 7, 9}}, {{6}}}, second = {{{8, 7}}};
  network.AccumulateGradients(Pack(first), {Labels(2)}, 1);
  network.AccumulateGradients(Pack(second), {Labels(1)}, 1);
  EXPECT_TRUE(at::equal(network.WordRowsWithGradients(), at::tensor({5, 6, 7, 8, 9}, at::kLong)));
  EXPECT_TRUE(at::equal(rows_with_gradients(), network.WordRowsWithGradients()));
  network.ZeroGradients();
  EXPECT_EQ(network.gradients().count_nonzero().item<int64_t>(), 0);
  network.AccumulateGradients(Pack(second), {Labels(1)}, 1);
  EXPECT_TRUE(at::equal(network.WordRowsWithGradients(), at::tensor({7, 8}, at::kLong)));
}

// Uses a masked-language model with 100 pieces.
class MaskedLmTest : public TrainingNetworkTest {
 protected:
  Albert MaskedLm() const {
    return Albert::Random(RandomModel(GetParam()).config(), Head::kMaskedLm, /*labels=*/0, 5);
  }

  const PackedBatch batch_ = Pack(texts_);
  // 16 rows: rows of several texts, including first and last ones, and padding.
  const Targets targets_ = {
      at::tensor({7, 99, 5, 42, 8, 9, 60, 61, 62, 63, 64, 12, 13, -1, -1, -1}, at::kLong),
      at::tensor({0, 1, 39, 40, 46, 47, 50, 60, 79, 80, 81, 90, 109, 0, 0, 0}, at::kLong), /*padding=*/3};
};

INSTANTIATE_TEST_SUITE_P(All, MaskedLmTest, testing::ValuesIn(kNetworkCases));

TEST_P(MaskedLmTest, GradientsMatchAutogradOfThePlainNetwork) {
  Albert plain = MaskedLm();
  plain.SetRequiresGrad(true);
  const at::Tensor logits = plain.Logits(batch_).index_select(0, targets_.rows);
  const at::Tensor loss =
      at::cross_entropy_loss(logits, targets_.labels, {}, at::Reduction::Sum, /*ignore_index=*/-1);
  (loss / 13).backward();
  const at::Tensor correct = logits.argmax(1).eq(targets_.labels).sum();

  for (const ProductLibrary library : {ProductLibrary::kTorch, FastestProductLibrary(c10::kCPU)}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      TrainingNetwork network(MaskedLm(), c10::kCPU, type, library);
      const BatchResult result = network.AccumulateGradients(batch_, targets_, 1.0 / 13);
      const double bound = type == at::kFloat ? 2e-5 : 0.05;
      EXPECT_NEAR(result.loss.item<double>(), loss.item<double>(), bound * 13);
      EXPECT_NEAR(result.correct.item<double>(), correct.item<double>(), type == at::kFloat ? 0 : 1);
      EXPECT_EQ(result.count, 13);
      for (const auto& [name, gradient] : network.parameters().Views(network.gradients())) {
        const at::Tensor expected = plain.parameters().at(name).grad();
        EXPECT_LT((gradient - expected).norm().item<double>(),
                  bound * std::max(expected.norm().item<double>(), 1e-2))
            << name;
      }
      const BatchResult evaluated = network.Evaluate(batch_, targets_);
      EXPECT_TRUE(at::equal(evaluated.loss, result.loss));
      EXPECT_TRUE(at::equal(evaluated.correct, result.correct));
      EXPECT_LT(MaxDifference(network.Logits(batch_), plain.Logits(batch_)), bound) << type;
    }
  }
}

TEST_P(MaskedLmTest, GradientsAreCorrectWithDropout) {
  TrainingNetwork network(WithDropout(MaskedLm(), 0.3), c10::kCPU, at::kFloat);
  ExpectGradientMatchesDifferenceQuotient(
      &network, [&] { return network.AccumulateGradients(batch_, targets_, 1.0).loss.item<double>(); });
}

// The word embeddings are weights of the head too.
TEST_P(MaskedLmTest, HasGradientsForEveryWordAndZeroesThemAll) {
  TrainingNetwork network(MaskedLm(), c10::kCPU, at::kBFloat16);
  EXPECT_FALSE(network.WordRowsWithGradients().defined());
  const double before = network.AccumulateGradients(batch_, targets_, 1.0 / 13).loss.item<double>();
  EXPECT_TRUE(network.parameters().WordEmbeddings(network.gradients()).ne(0).any(1).all().item<bool>());
  network.parameters().values().sub_(network.gradients(), 0.05);
  network.Refresh();
  network.ZeroGradients();
  EXPECT_EQ(network.gradients().count_nonzero().item<int64_t>(), 0);
  EXPECT_LT(network.AccumulateGradients(batch_, targets_, 1.0 / 13).loss.item<double>(), before);
}

TEST(FlatParametersTest, ContainsEveryWeightOnce) {
  const Albert model = RandomModel(kNetworkCases[1]);
  const FlatParameters flat(model, c10::kCPU);
  int64_t count = 0;
  for (const auto& [name, view] : flat.Views(flat.values())) {
    EXPECT_EQ(MaxDifference(view, model.parameters().at(name)), 0) << name;
    EXPECT_EQ(view.dim() > 1, view.storage_offset() < flat.matrix_count()) << name;
    count += view.numel();
  }
  EXPECT_EQ(count, flat.count());
  EXPECT_EQ(MaxDifference(flat.WordEmbeddings(flat.values()), model.weights().word_embeddings), 0);
  EXPECT_EQ(flat.OtherParameters(flat.values()).storage_offset(), model.weights().word_embeddings.numel());
  EXPECT_EQ(flat.OtherParameters(flat.values()).size(0),
            flat.count() - model.weights().word_embeddings.numel());
  const Affine key_query_value = flat.KeyQueryValue(flat.values());
  EXPECT_EQ(MaxDifference(key_query_value.weight.chunk(3)[0], model.weights().key.weight), 0);
  EXPECT_EQ(MaxDifference(key_query_value.weight.chunk(3)[1], model.weights().query.weight), 0);
  EXPECT_EQ(MaxDifference(key_query_value.weight.chunk(3)[2], model.weights().value.weight), 0);
  EXPECT_EQ(MaxDifference(key_query_value.bias.chunk(3)[2], model.weights().value.bias), 0);
}

TEST(ProductLibraryTest, IsTorchOnAGpu) {
  EXPECT_EQ(FastestProductLibrary(c10::kCUDA), ProductLibrary::kTorch);
  EXPECT_EQ(ProductLibraryName(FastestProductLibrary(c10::kCUDA)), "torch");
}

}  // namespace
}  // namespace newsgenre
