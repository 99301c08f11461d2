#include "common/inference/cuda_forward.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "common/device/device.h"
#include "gmock/gmock.h"
#include "tests/common/inference/fake_network.h"
#include "tests/support/fake_stream.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using testing::Each;
using testing::HasSubstr;

Encoding TextOf(int32_t length, int32_t seed) {
  Encoding text;
  for (int32_t i = 0; i < length; ++i) text.ids.push_back(2 + (seed + 7 * i) % 50);
  return text;
}

void ExpectNear(const ProbabilityRows& rows, const ProbabilityRows& expected, float bound) {
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t text = 0; text < rows.size(); ++text) {
    for (size_t label = 0; label < rows[text].size(); ++label) {
      ASSERT_NEAR(rows[text][label], expected[text][label], bound) << "text " << text << " label " << label;
    }
  }
}

// Returns an executor whose network calls `run`.
std::unique_ptr<CudaExecutor> ExecutorOf(StreamCounts* counts, const std::function<void()>& run) {
  auto network = std::make_shared<const FakeNetwork>([run](const PackedBatch& batch) {
    run();
    return at::full({batch.texts(), 2}, 0.0, at::kFloat);
  });
  return CudaExecutor::Make(std::make_unique<FakeStream>(counts), std::move(network), {}).value();
}

TEST(PooledForwardTest, EachExecutorRunsOneBatchAtATime) {
  constexpr int kExecutors = 2, kThreads = 4, kBatches = 50;
  StreamCounts counts[kExecutors];
  std::atomic<int> inside[kExecutors] = {};
  std::atomic<bool> crowded = false;
  std::vector<std::unique_ptr<CudaExecutor>> executors;
  for (int i = 0; i < kExecutors; ++i) {
    executors.push_back(ExecutorOf(&counts[i], [&crowded, here = &inside[i]] {
      if (++*here > 1) crowded = true;
      --*here;
    }));
  }
  const std::shared_ptr<const Forward> forward = MakePooledForward(std::move(executors));
  const Encoding text{{2, 3}};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int batch = 0; batch < kBatches; ++batch) EXPECT_THAT(Predict(*forward, {&text}), IsOk());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(crowded);
  EXPECT_EQ(counts[0].finished + counts[1].finished, kThreads * kBatches);
}

TEST(PooledForwardTest, TwoExecutorsRunTwoBatchesAtOnce) {
  StreamCounts counts[2];
  std::atomic<int> arrived = 0;
  std::promise<void> both;
  const std::shared_future<void> both_arrived = both.get_future().share();
  std::vector<std::unique_ptr<CudaExecutor>> executors;
  for (StreamCounts& count : counts) {
    executors.push_back(ExecutorOf(&count, [&] {
      if (++arrived == 2) both.set_value();
      EXPECT_EQ(both_arrived.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    }));
  }
  const std::shared_ptr<const Forward> forward = MakePooledForward(std::move(executors));
  const Encoding text{{2, 3}};
  std::thread other([&] { EXPECT_THAT(Predict(*forward, {&text}), IsOk()); });
  EXPECT_THAT(Predict(*forward, {&text}), IsOk());
  other.join();
  EXPECT_EQ(counts[0].finished, 1);
  EXPECT_EQ(counts[1].finished, 1);
}

TEST(PooledForwardTest, AnExecutorIsFreeAgainAfterAnException) {
  StreamCounts counts;
  bool fail = true;
  std::vector<std::unique_ptr<CudaExecutor>> executors;
  executors.push_back(ExecutorOf(&counts, [&] { TORCH_CHECK(!fail, "the kernel broke"); }));
  const std::shared_ptr<const Forward> forward = MakePooledForward(std::move(executors));
  const Encoding text{{2, 3}};
  EXPECT_THAT(Predict(*forward, {&text}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the kernel broke")));
  fail = false;
  ASSERT_OK_AND_ASSIGN(const ProbabilityRows rows, Predict(*forward, {&text}));
  EXPECT_THAT(rows[0], Each(0.5f));
}

#ifndef NEWSGENRE_CUDA
TEST(CudaForwardTest, ReturnsAnErrorInABuildWithoutCuda) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const auto network, MakeNetwork(checkpoint.model, Precision::kFp32));
  EXPECT_THAT(MakeCudaForward(network, {64}).status(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("built without CUDA")));
}
#endif

// Runs the tiny model on a GPU, in fp32, fp16 and, if the GPU has it, bf16.
class CudaForwardOnAGpuTest : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    const auto device = ParseDevice("cuda:0");
    if (!device.ok()) GTEST_SKIP() << device.status().message();
    if (GetParam() == Precision::kBf16 && !CapabilitiesOf(*device).native_bf16) {
      GTEST_SKIP() << "cuda:0 has no bf16 products";
    }
    ASSERT_OK_AND_ASSIGN(Checkpoint checkpoint, TinyCheckpoint());
    for (int i = 0; i < 40; ++i) texts_.push_back(TextOf(1 + (i * 13) % 64, i));
    for (const Encoding& text : texts_) {
      ASSERT_OK_AND_ASSIGN(const ProbabilityRows row, Predict(checkpoint.model, {&text}));
      expected_.push_back(row[0]);
    }
    checkpoint.model.To(*device);
    ASSERT_OK_AND_ASSIGN(const auto network, MakeNetwork(checkpoint.model, GetParam()));
    ASSERT_OK_AND_ASSIGN(eager_, MakeCudaForward(network, {64, /*executors=*/1, /*graphs=*/false}));
    ASSERT_OK_AND_ASSIGN(graphs_, MakeCudaForward(network, {64, /*executors=*/2}));
  }
  // Checks batches of 1, 3 and all texts.
  void ExpectMatchesTheCpu(const Forward& forward, float bound) const {
    for (const size_t size : {size_t{1}, size_t{3}, texts_.size()}) {
      for (size_t first = 0; first + size <= texts_.size(); first += size) {
        std::vector<const Encoding*> batch;
        for (size_t i = first; i < first + size; ++i) batch.push_back(&texts_[i]);
        ASSERT_OK_AND_ASSIGN(const ProbabilityRows rows, Predict(forward, batch));
        ExpectNear(rows, {expected_.begin() + first, expected_.begin() + first + size}, bound);
      }
    }
  }
  float bound() const { return GetParam() == Precision::kFp32 ? 1e-3f : 5e-2f; }

  std::vector<Encoding> texts_;
  ProbabilityRows expected_;  // by the plain path on the CPU
  std::shared_ptr<const Forward> eager_, graphs_;
};

TEST_P(CudaForwardOnAGpuTest, EagerMatchesTheCpu) { ExpectMatchesTheCpu(*eager_, bound()); }

TEST_P(CudaForwardOnAGpuTest, GraphsMatchTheCpu) { ExpectMatchesTheCpu(*graphs_, bound()); }

TEST_P(CudaForwardOnAGpuTest, GraphsMatchEager) {
  for (const Encoding& text : texts_) {
    ASSERT_OK_AND_ASSIGN(const ProbabilityRows graph, Predict(*graphs_, {&text}));
    ASSERT_OK_AND_ASSIGN(const ProbabilityRows eager, Predict(*eager_, {&text}));
    ExpectNear(graph, eager, bound());
  }
}

TEST_P(CudaForwardOnAGpuTest, ServesThreeThreadsAtOnce) {
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) workers.emplace_back([&] { ExpectMatchesTheCpu(*graphs_, bound()); });
  for (std::thread& worker : workers) worker.join();
}

INSTANTIATE_TEST_SUITE_P(Precisions, CudaForwardOnAGpuTest,
                         testing::Values(Precision::kFp32, Precision::kBf16, Precision::kFp16),
                         [](const auto& info) { return std::string(PrecisionName(info.param)); });

}  // namespace
}  // namespace newsgenre
