// Tests of a trainer whose batches pass through the network in micro-batches.
#include <ATen/TensorOperators.h>

#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/finetuning/trainer_fixture.h"
#include "trainer/finetuning/trainer.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

class TrainerMemoryTest : public TrainerFixture {
 protected:
  // Batches of about a thousand tokens, without dropout.
  TrainerMemoryTest() {
    training_rows_ = 320;
    config_.optimizer.epochs = 2;
    config_.optimizer.batch_tokens = 1024;
    config_.optimizer.batch_texts = 1000;
  }
};

// Returns the distance of the weights relative to their norm. Leaves out the key's bias: its gradient is 0
// except for rounding errors, which Adam turns into full steps.
double Distance(const TrainingResult& a, const TrainingResult& b) {
  double difference = 0, norm = 0;
  for (const auto& [name, tensor] : a.weights) {
    if (name.find("key.bias") != std::string::npos) continue;
    difference += (tensor - b.weights.at(name)).square().sum().item<double>();
    norm += tensor.square().sum().item<double>();
  }
  return std::sqrt(difference / norm);
}

TEST_F(TrainerMemoryTest, MicroBatchesGiveTheSameResult) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  EXPECT_GT(Plan().tokens(0, 1), 500);
  for (const int64_t tokens : {256, 32, 1}) {
    config_.run.micro_batch_tokens = tokens;
    ASSERT_OK_AND_ASSIGN(const TrainingResult pieces, Train());
    EXPECT_LT(Distance(whole, pieces), 1e-4) << tokens;
    for (size_t i = 0; i < whole.steps.size(); ++i)
      EXPECT_NEAR(pieces.steps[i].loss, whole.steps[i].loss, 1e-4);
    EXPECT_EQ(pieces.epochs[1].training_correct, whole.epochs[1].training_correct);
  }
}

TEST_F(TrainerMemoryTest, HalvesTheMicroBatchWhenMemoryRunsOut) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  EXPECT_EQ(terminal_.str().find("out of memory"), std::string::npos);
  for (const auto error : {MemoryLimit::Error::kOutOfMemoryError, MemoryLimit::Error::kMessage}) {
    memory_limit_ = 128 << 10;  // less than a batch's activations, more than all weights
    memory_error_ = error;
    const std::string folder = dir_.File("limited-" + std::to_string(static_cast<int>(error)));
    ASSERT_OK_AND_ASSIGN(const TrainingResult pieces, Train(folder));
    EXPECT_LT(Distance(whole, pieces), 1e-4);
    EXPECT_EQ(pieces.epochs[1].training_correct, whole.epochs[1].training_correct);
    EXPECT_THAT(terminal_.str(), HasSubstr("out of memory: micro-batch halved  step 1"));
    terminal_.str("");
    // The reduced size is part of the state.
    ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(folder));
    ASSERT_OK_AND_ASSIGN(const std::optional<TrainingState> state, states->Load());
    ASSERT_TRUE(state.has_value());
    EXPECT_LT(state->micro_batch_tokens, 1024);
  }
}

TEST_F(TrainerMemoryTest, AResumedRunCanUseASmallerMicroBatch) {
  const std::string folder = dir_.File("states");
  ASSERT_THAT(Train(folder), IsOk());
  config_.run.micro_batch_tokens = 100;
  stop_ = true;
  config_.optimizer.epochs = 3;  // adds steps to the finished run
  EXPECT_THAT(Train(folder), StatusIs(absl::StatusCode::kCancelled, testing::_));
  ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(folder));
  ASSERT_OK_AND_ASSIGN(const std::optional<TrainingState> state, states->Load());
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->micro_batch_tokens, 100);
}

TEST_F(TrainerMemoryTest, FailsIfMemoryDoesNotSufficeForOneText) {
  memory_limit_ = 1 << 10;
  EXPECT_THAT(Train(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("tried to allocate")));
}

}  // namespace
}  // namespace newsgenre
