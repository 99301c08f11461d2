// Compares training on a GPU with training on the CPU.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "common/device/device.h"
#include "common/kernels/dropout.h"
#include "gtest/gtest.h"
#include "tests/support/random_model.h"
#include "tests/support/random_texts.h"
#include "trainer/data/device_dataset.h"
#include "trainer/data/token_dropout.h"
#include "trainer/network/optimizer.h"
#include "trainer/network/training_network.h"
#include "trainer/pretraining/masked_batch.h"
#include "trainer/run/step_records.h"

#ifdef NEWSGENRE_CUDA
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace newsgenre {
namespace {

const RowBatch kAllRows = {0, 1, 2, 3, 4, 5};

// Returns random texts of these lengths.
Dataset DataOf(const std::vector<int>& lengths) {
  Dataset data;
  for (const Encoding& text : RandomTexts(lengths)) data.Add(text, static_cast<int>(data.size() % 4), 1);
  return data;
}

class CudaTrainingTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto device = ParseDevice("cuda:0");
    if (!device.ok()) GTEST_SKIP() << device.status().message();
    device_ = *device;
  }

  c10::Device device_ = c10::kCPU;
  const Dataset data_ = DataOf({40, 7, 33, 1, 21, 8});
  const Dataset masked_data_ = DataOf({40, 7, 33, 3, 21, 8});  // each has a token to mask
};

TEST_F(CudaTrainingTest, BatchesEqualTheCpusWithoutPadding) {
  const DeviceDataset gpu_data(data_, device_), cpu_data(data_, c10::kCPU);
  const auto expect_same = [&](const at::Tensor& gpu, const at::Tensor& cpu) {
    EXPECT_EQ(gpu.device(), device_);
    ASSERT_EQ(gpu.scalar_type(), cpu.scalar_type());
    EXPECT_TRUE(at::equal(gpu.cpu(), cpu));
  };
  for (const RowBatch& rows : {kAllRows, {5, 3, 1}, {2}, {3}, {4, 4, 0, 4}}) {
    const LabelledBatch gpu = gpu_data.Batch(rows), cpu = cpu_data.Batch(rows);
    const int64_t tokens = cpu.texts.tokens();
    EXPECT_EQ(gpu.texts.rows(), tokens);
    EXPECT_EQ(gpu.texts.starts, cpu.texts.starts);
    EXPECT_EQ(gpu.texts.max_length, cpu.texts.max_length);
    expect_same(gpu.texts.ids, cpu.texts.ids.narrow(0, 0, tokens));
    expect_same(gpu.texts.positions, cpu.texts.positions.narrow(0, 0, tokens));
    expect_same(gpu.texts.device_starts, cpu.texts.device_starts);
    expect_same(gpu.texts.first_rows, cpu.texts.first_rows);
    expect_same(gpu.labels, cpu.labels);
  }
}

class CudaNetworkTest : public CudaTrainingTest, public testing::WithParamInterface<NetworkCase> {
 protected:
  // Expects that each gradient's distance from the CPU's fp32 gradient, relative to its norm, is below
  // `bound`.
  void ExpectTheCpusGradients(at::ScalarType type, double bound) const {
    const Albert model = WithDropout(RandomModel(GetParam()), 0);
    TrainingNetwork gpu(model, device_, type), cpu(model, c10::kCPU, at::kFloat);
    const LabelledBatch gpu_batch = DeviceDataset(data_, device_).Batch(kAllRows);
    const LabelledBatch cpu_batch = DeviceDataset(data_, c10::kCPU).Batch(kAllRows);
    const BatchResult result = gpu.AccumulateGradients(gpu_batch.texts, {gpu_batch.labels}, 1.0 / 6);
    const BatchResult right = cpu.AccumulateGradients(cpu_batch.texts, {cpu_batch.labels}, 1.0 / 6);
    EXPECT_EQ(result.loss.device(), device_);
    EXPECT_NEAR(result.loss.item<double>(), right.loss.item<double>(), bound * right.loss.item<double>());
    EXPECT_LT(MaxDifference(gpu.Logits(gpu_batch.texts).cpu(), cpu.Logits(cpu_batch.texts)), bound);

    const double least = 1e-3 * cpu.gradients().norm().item<double>();
    const TensorMap gradients = gpu.parameters().Views(gpu.gradients().cpu());
    for (const auto& [name, expected] : cpu.parameters().Views(cpu.gradients())) {
      const double size = std::max(expected.norm().item<double>(), least);
      EXPECT_LT((gradients.at(name) - expected).norm().item<double>() / size, bound) << name;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(All, CudaNetworkTest, testing::ValuesIn(kNetworkCases));

TEST_P(CudaNetworkTest, GradientsEqualTheCpus) { ExpectTheCpusGradients(at::kFloat, 1e-3); }

TEST_P(CudaNetworkTest, InBf16GradientsAreClose) {
  if (!CapabilitiesOf(device_).native_bf16) GTEST_SKIP() << "cuda:0 has no bf16 products";
  ExpectTheCpusGradients(at::kBFloat16, 5e-2);
}

// With the same dropout masks, the loss must change along the gradient by the gradient's norm.
TEST_P(CudaNetworkTest, GradientsMatchFiniteDifferencesWithDropout) {
  const LabelledBatch batch = DeviceDataset(data_, device_).Batch(kAllRows);
  TrainingNetwork network(WithDropout(RandomModel(GetParam()), 0.3), device_, at::kFloat);
  const auto loss = [&] {
    network.Refresh();
    at::manual_seed(3);
    return network.AccumulateGradients(batch.texts, {batch.labels}, 1.0).loss.item<double>();
  };
  const double dropped = loss();
  const at::Tensor gradient = network.gradients().clone();
  const at::Tensor direction = gradient / gradient.norm();
  const at::Tensor& values = network.parameters().values();
  constexpr double kStep = 2e-3;
  values.add_(direction, kStep);
  const double above = loss();
  values.sub_(direction, 2 * kStep);
  const double below = loss();
  const double norm = gradient.norm().item<double>();
  EXPECT_NEAR((above - below) / (2 * kStep), norm, 0.03 * norm);

  TrainingNetwork plain(WithDropout(RandomModel(GetParam()), 0), device_, at::kFloat);
  EXPECT_GT(
      std::abs(plain.AccumulateGradients(batch.texts, {batch.labels}, 1.0).loss.item<double>() - dropped),
      1e-3);
}

TEST_P(CudaNetworkTest, MaskedLmGradientsEqualTheCpus) {
  const Albert model =
      Albert::Random(WithDropout(RandomModel(GetParam()), 0).config(), Head::kMaskedLm, 0, 5);
  TrainingNetwork gpu(model, device_, at::kFloat), cpu(model, c10::kCPU, at::kFloat);
  const MaskingVocabulary vocabulary = {100, std::vector<bool>(100, true)};
  Random gpu_random(1), cpu_random(1);
  const MaskedBatch gpu_batch = MakeMaskedBatch(masked_data_, kAllRows, vocabulary, &gpu_random, device_);
  const MaskedBatch cpu_batch = MakeMaskedBatch(masked_data_, kAllRows, vocabulary, &cpu_random, c10::kCPU);
  EXPECT_EQ(gpu_batch.targets.padding, 0);
  const BatchResult result = gpu.AccumulateGradients(gpu_batch.texts, gpu_batch.targets, 1.0 / 6);
  const BatchResult right = cpu.AccumulateGradients(cpu_batch.texts, cpu_batch.targets, 1.0 / 6);
  EXPECT_EQ(result.count, right.count);
  EXPECT_NEAR(result.loss.item<double>(), right.loss.item<double>(), 1e-3 * right.loss.item<double>());
  EXPECT_LT((gpu.gradients().cpu() - cpu.gradients()).norm().item<double>(),
            1e-3 * cpu.gradients().norm().item<double>());
}

TEST_F(CudaTrainingTest, OptimizerStepsEqualTheCpus) {
  at::manual_seed(1);
  for (const double clip_norm : {0.0, 1.0}) {
    const FlatParameters cpu_values(RandomModel(kNetworkCases[2]), c10::kCPU);
    const FlatParameters gpu_values(RandomModel(kNetworkCases[2]), device_);
    const AdamWConfig config = {/*weight_decay=*/0.1, clip_norm};
    Optimizer cpu(cpu_values, config), gpu(gpu_values, config);
    for (const at::Tensor& rows : {at::Tensor(), at::tensor({2, 5, 99}, at::kLong)}) {
      const at::Tensor gradients = at::randn({cpu_values.count()});
      if (rows.defined()) {
        cpu_values.WordEmbeddings(gradients).mul_(at::zeros({100, 1}).index_fill_(0, rows, 1));
      }
      // On a GPU rows can be repeated.
      const at::Tensor gpu_rows = rows.defined() ? at::cat({rows, rows}).to(device_) : rows;
      gpu.Step(0.01, gradients.to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true), gpu_rows);
      cpu.Step(0.01, gradients, rows);
      EXPECT_LT(MaxDifference(gpu_values.values().cpu(), cpu_values.values()), 1e-6) << clip_norm;
      EXPECT_LT(MaxDifference(gpu.means().cpu(), cpu.means()), 1e-6) << clip_norm;
      EXPECT_LT(MaxDifference(gpu.squares().cpu(), cpu.squares()), 1e-6) << clip_norm;
    }
  }
}

TEST_F(CudaTrainingTest, StepRecordsSumMicroBatchesAndSteps) {
  StepRecords records(/*steps=*/3, device_);
  const auto add = [&](int64_t step, float loss, int64_t correct, int64_t count) {
    records.Add(step, {at::tensor(loss)[0].to(device_), at::tensor(correct)[0].to(device_), count});
  };
  add(0, 0.5f, 1, 1);
  add(0, 0.25f, 1, 1);
  add(1, 100, 2, 2);
  records.Reset(1);
  add(1, 3, 0, 1);
  add(2, 8, 1, 3);
  records.Fetch(1);
  EXPECT_EQ(records.MeanLoss(0), 0.375);
  records.Fetch(3);
  const StepSums sums = records.Sum(0, 3);
  EXPECT_EQ(sums.predictions, 6);
  EXPECT_EQ(sums.correct, 3);
  EXPECT_EQ(sums.loss, 11.75);
}

TEST_F(CudaTrainingTest, TokenDropoutFollowsTheRateAndTheSeed) {
  const PackedBatch batch = DeviceDataset(DataOf({5002, 3002, 2012}), device_).Batch({0, 1, 2}).texts;
  const auto masked = [&](double rate) {
    PackedBatch changed = batch;
    DropTokens(rate, &changed);
    EXPECT_EQ(changed.ids.scalar_type(), at::kInt);
    EXPECT_TRUE(changed.ids.eq(batch.ids).logical_or(changed.ids.eq(Tokenizer::kMask)).all().item<bool>());
    return changed.ids.ne(batch.ids).cpu();
  };
  at::manual_seed(1);
  const at::Tensor one = masked(0.3), other = masked(0.3);
  EXPECT_NEAR(one.sum().item<double>(), 3003, 150);
  EXPECT_FALSE(at::equal(one, other));
  at::manual_seed(1);
  EXPECT_TRUE(at::equal(masked(0.3), one));
  EXPECT_EQ(masked(0).sum().item<int64_t>(), 0);
  const at::Tensor unchanged = masked(1).logical_not().nonzero().flatten();
  EXPECT_TRUE(at::equal(unchanged, at::tensor({0, 5001, 5002, 8003, 8004, 10015}, at::kLong)));
}

TEST_F(CudaTrainingTest, DropoutZeroesTheGivenShareAndScalesTheRest) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const double rate : {0.0, 0.1, 0.5, 0.97}) {
      const at::Tensor like = at::empty({300, 1000}, at::TensorOptions(device_).dtype(type));
      const at::Tensor mask = DropoutMask(like, rate);
      EXPECT_EQ(mask.scalar_type(), type);
      const at::Tensor values = mask.to(at::kDouble), kept = values.ne(0);
      EXPECT_NEAR(1 - kept.to(at::kDouble).mean().item<double>(), rate, 0.004) << type;
      EXPECT_NEAR(values.max().item<double>(), 1 / (1 - rate), 0.005 / (1 - rate)) << type;
      EXPECT_EQ(values.masked_select(kept).min().item<double>(), values.max().item<double>()) << type;
    }
  }
}

#ifdef NEWSGENRE_CUDA
// While an object exists, torch throws if the CPU would wait for a GPU.
class NoSynchronization {
 public:
  NoSynchronization() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR); }
  ~NoSynchronization() {
    c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED);
  }
};

TEST_F(CudaTrainingTest, APretrainingStepDoesNotWaitForTheGpu) {
  const Albert model = Albert::Random(RandomModel(kNetworkCases[0]).config(), Head::kMaskedLm, 0, 5);
  TrainingNetwork network(model, device_, at::kFloat);
  Optimizer optimizer(network.parameters(), {});
  Random random(1);
  {
    const NoSynchronization guard;
    for (int step = 0; step < 3; ++step) {
      network.ZeroGradients();
      const MaskedBatch batch =
          MakeMaskedBatch(masked_data_, kAllRows, {100, std::vector<bool>(100, true)}, &random, device_);
      network.AccumulateGradients(batch.texts, batch.targets, 1.0 / 6);
      optimizer.Step(1e-3, network.gradients(), network.WordRowsWithGradients());
      network.Refresh();
    }
  }
  EXPECT_TRUE(at::isfinite(network.parameters().values()).all().item<bool>());
}

TEST_F(CudaTrainingTest, AStepDoesNotWaitForTheGpu) {
  const DeviceDataset data(data_, device_);
  const RunPlan plan(data_.Lengths(), {64, 3}, 1, 1);
  for (const double rate : {0.0, 0.1}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      TrainingNetwork network(WithDropout(RandomModel(kNetworkCases[0]), rate), device_, type);
      Optimizer optimizer(network.parameters(), {});
      StepRecords records(plan.steps(), device_);
      {
        const NoSynchronization guard;
        EXPECT_THROW(network.gradients().sum().item<float>(), c10::Error);
        for (int64_t step = 0; step < plan.steps(); ++step) {
          at::manual_seed(step);
          network.ZeroGradients();
          records.Reset(step);
          LabelledBatch batch = data.Batch(plan.batch(step));
          DropTokens(0.1, &batch.texts);
          records.Add(step, network.AccumulateGradients(batch.texts, {batch.labels}, 1.0 / 3));
          optimizer.Step(1e-3, network.gradients(), network.WordRowsWithGradients());
          network.Refresh();
        }
      }
      records.Fetch(plan.steps());
      EXPECT_GT(records.MeanLoss(plan.steps() - 1), 0);
      EXPECT_TRUE(at::isfinite(network.parameters().values()).all().item<bool>());
    }
  }
}
#endif

}  // namespace
}  // namespace newsgenre
