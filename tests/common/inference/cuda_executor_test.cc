#include "common/inference/cuda_executor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <utility>

#include "common/inference/cuda_buckets.h"
#include "common/inference/tensor_network.h"
#include "gmock/gmock.h"
#include "tests/common/inference/fake_network.h"
#include "tests/support/fake_stream.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

constexpr int64_t kMaxLength = 64;

Encoding TextOf(int32_t length, int32_t seed = 0) {
  Encoding text;
  for (int32_t i = 0; i < length; ++i) text.ids.push_back(2 + (seed + 7 * i) % 50);
  return text;
}

std::vector<const Encoding*> Pointers(const std::vector<Encoding>& texts) {
  std::vector<const Encoding*> pointers;
  for (const Encoding& text : texts) pointers.push_back(&text);
  return pointers;
}

class CudaExecutorTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, TinyCheckpoint());
    network_ = std::make_unique<TensorNetwork>(checkpoint.model, at::kFloat);
  }
  absl::StatusOr<std::unique_ptr<CudaExecutor>> MakeExecutor(const std::vector<BatchShape>& buckets) {
    auto network = std::make_shared<const FakeNetwork>([this](const PackedBatch& batch) {
      shapes_.push_back({batch.rows(), batch.texts()});
      return network_->Logits(batch);
    });
    return CudaExecutor::Make(std::make_unique<FakeStream>(&counts_), std::move(network),
                              {buckets, kMaxLength});
  }
  at::Tensor Expected(const std::vector<Encoding>& texts) const {
    return network_->Logits(PackBatch(Pointers(texts), c10::kCPU));
  }
  // Forgets the calls made during construction.
  void ResetCounts() {
    shapes_.clear();
    counts_ = {};
  }
  void ExpectSame(CudaExecutor* executor, const std::vector<Encoding>& texts) const {
    const at::Tensor logits = executor->Run(Pointers(texts)), expected = Expected(texts);
    ASSERT_EQ(logits.sizes(), expected.sizes());
    // The order of additions can depend on the number of rows.
    EXPECT_LT((logits - expected).abs().max().item<double>(), 1e-5);
  }

  const c10::InferenceMode inference_;
  std::unique_ptr<TensorNetwork> network_;
  StreamCounts counts_;
  std::vector<BatchShape> shapes_;  // of the network's calls
};

TEST_F(CudaExecutorTest, CapturesTheLargestBucketFirst) {
  ASSERT_THAT(MakeExecutor({{32, 4}, {64, 8}, {96, 12}}), IsOk());
  EXPECT_EQ(counts_.captured, 3);
  ASSERT_FALSE(shapes_.empty());
  EXPECT_EQ(shapes_.front().rows, 96);
  EXPECT_EQ(shapes_.front().texts, 12);
  EXPECT_EQ(shapes_.back().rows, 32);
}

TEST_F(CudaExecutorTest, ReplaysTheSmallestBucketThatHoldsTheBatch) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({{32, 4}, {64, 8}}));
  ResetCounts();
  ExpectSame(executor.get(), {TextOf(5), TextOf(20, 3)});
  ExpectSame(executor.get(), {TextOf(5), TextOf(28, 3)});
  EXPECT_EQ(counts_.replayed, 2);
  ASSERT_EQ(shapes_.size(), 2u);
  EXPECT_EQ(shapes_[0].rows, 32);
  EXPECT_EQ(shapes_[0].texts, 4);
  EXPECT_EQ(shapes_[1].rows, 64);
}

TEST_F(CudaExecutorTest, FullAndNearlyEmptyBucketsGiveTheNetworksLogits) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({{32, 4}, {64, 8}}));
  ExpectSame(executor.get(), {TextOf(32)});
  ExpectSame(executor.get(), {TextOf(1)});
  ExpectSame(executor.get(), {TextOf(8, 1), TextOf(8, 2), TextOf(8, 3), TextOf(8, 4)});
  ExpectSame(executor.get(), {TextOf(64)});
  EXPECT_EQ(counts_.replayed, 4 + 2);  // four batches, and one check per bucket
}

TEST_F(CudaExecutorTest, ResultsDoNotDependOnTheBatchBefore) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({{32, 4}}));
  const std::vector<Encoding> one = {TextOf(3, 9)};
  const at::Tensor before = executor->Run(Pointers(one));
  ExpectSame(executor.get(), {TextOf(10, 1), TextOf(11, 2), TextOf(9, 3)});
  EXPECT_TRUE(at::equal(executor->Run(Pointers(one)), before));
}

TEST_F(CudaExecutorTest, AResultOutlivesTheNextBatch) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({{32, 4}}));
  const std::vector<Encoding> one = {TextOf(3, 9)};
  const at::Tensor first = executor->Run(Pointers(one)), copy = first.clone();
  ExpectSame(executor.get(), {TextOf(10, 1)});
  EXPECT_TRUE(at::equal(first, copy));
}

TEST_F(CudaExecutorTest, RunsABatchThatNoBucketHoldsWithoutAGraph) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({{32, 4}}));
  ResetCounts();
  ExpectSame(executor.get(), {TextOf(20), TextOf(13)});
  ExpectSame(executor.get(), {TextOf(2), TextOf(2), TextOf(2), TextOf(2), TextOf(2)});
  EXPECT_EQ(counts_.replayed, 0);
  ASSERT_EQ(shapes_.size(), 2u);
  EXPECT_EQ(shapes_[0].rows, 33);
  EXPECT_EQ(shapes_[1].texts, 5);
}

TEST_F(CudaExecutorTest, CapturesNothingWithoutBuckets) {
  ASSERT_OK_AND_ASSIGN(const auto executor, MakeExecutor({}));
  ExpectSame(executor.get(), {TextOf(20), TextOf(13)});
  EXPECT_EQ(counts_.captured, 0);
  EXPECT_EQ(counts_.finished, 1);
}

TEST_F(CudaExecutorTest, RefusesAGraphWithAnotherResult) {
  counts_.stale = true;
  EXPECT_THAT(MakeExecutor({{32, 4}}),
              StatusIs(absl::StatusCode::kInternal,
                       testing::HasSubstr("in the graph of 32 rows a probability differs by")));
}

TEST_F(CudaExecutorTest, ChecksEveryBucket) {
  EXPECT_THAT(MakeExecutor(GraphBuckets(1024)), IsOk());
  EXPECT_EQ(counts_.replayed, static_cast<int>(GraphBuckets(1024).size()));
}

TEST_F(CudaExecutorTest, ReturnsTheErrorOfTheCapture) {
  counts_.refuse = true;
  EXPECT_THAT(MakeExecutor({{32, 4}}),
              StatusIs(absl::StatusCode::kResourceExhausted, testing::HasSubstr("no memory for a graph")));
}

}  // namespace
}  // namespace newsgenre
