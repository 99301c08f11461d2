#include "trainer/trainer.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>

#include "common/model/predict.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/stop_at.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// Texts that a network can tell apart: a word stands for a label, among others that say nothing.
Dataset EasyData(const TextEncoder& encoder, int rows) {
  const char* const words[] = {"government", "football", "bank", "computer"};
  Dataset data;
  for (int i = 0; i < rows; ++i) {
    std::string text = "the " + std::string(words[i % 4]);
    for (int n = 0; n <= i % 5; ++n) text += " and a day";
    data.texts.push_back(*encoder.Encode(text));
    data.labels.push_back(i % 4);
  }
  return data;
}

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() {
    at::set_num_threads(1);  // more only get in each other's way with so small a network
    config_.epochs = 8;
    config_.learning_rate = 5e-3;
    config_.batch_tokens = 64;
  }

  // On a network of its own, fresh each time.
  absl::StatusOr<TrainingResult> Train() {
    absl::StatusOr<Checkpoint> tiny = TinyCheckpoint();
    if (!tiny.ok()) return tiny.status();
    const Dataset training = EasyData(tiny->encoder, 60);
    const Dataset validation = EasyData(tiny->encoder, 20);
    Trainer trainer(tiny->model, config_, training, validation, &progress_);
    return trainer.Run(stop_);
  }

  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  TrainerConfig config_;
};

TEST_F(TrainerTest, LearnsWhatIsEasy) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
  ASSERT_THAT(result.epochs, SizeIs(8));
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(result.epochs[result.best].validation.accuracy(), 1);
  EXPECT_LT(result.epochs.back().training_loss, result.epochs.front().training_loss / 4);
  EXPECT_GT(result.epochs.back().training_accuracy, 0.9);
  EXPECT_GT(result.epochs.front().steps, 5);
}

TEST_F(TrainerTest, TheSameSeedGivesTheSameBits) {
  config_.epochs = 2;
  ASSERT_OK_AND_ASSIGN(const TrainingResult one, Train());
  ASSERT_OK_AND_ASSIGN(const TrainingResult same, Train());
  config_.seed = 2;
  ASSERT_OK_AND_ASSIGN(const TrainingResult other, Train());
  bool differs = false;
  for (const auto& [name, tensor] : one.weights) {
    EXPECT_TRUE(at::equal(tensor, same.weights.at(name))) << name;
    differs = differs || !at::equal(tensor, other.weights.at(name));
  }
  EXPECT_EQ(one.epochs[1].training_loss, same.epochs[1].training_loss);
  EXPECT_TRUE(differs);
}

TEST_F(TrainerTest, LearnsFromTextsWithHoles) {
  config_.token_dropout = 0.3;
  config_.epochs = 16;
  ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
  EXPECT_EQ(result.epochs[result.best].validation.accuracy(), 1);
  // Three in ten texts lack the one word that counts.
  EXPECT_LT(result.epochs.back().training_accuracy, 0.95);
}

TEST_F(TrainerTest, KeepsTheWeightsOfTheBestEpoch) {
  // A rate this high learns and forgets: the best epoch is hardly the last.
  config_.learning_rate = 0.1;
  config_.epochs = 12;
  ASSERT_OK_AND_ASSIGN(TrainingResult result, Train());
  const Metrics& best = result.epochs[result.best].validation;
  for (const EpochResult& epoch : result.epochs) {
    EXPECT_LE(epoch.validation.correct(), best.correct());
    EXPECT_TRUE(epoch.validation.correct() < best.correct() || epoch.validation.loss >= best.loss);
  }

  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const Albert model, Albert::FromTensors(tiny.model.config(), tiny.model.head(), 4,
                                                               std::move(result.weights)));
  ASSERT_OK_AND_ASSIGN(
      const Metrics again,
      EvaluateDataset(
          EasyData(tiny.encoder, 20), {64, 64},
          [&](const std::vector<const Encoding*>& texts) { return Predict(model, texts); }, stop_));
  EXPECT_EQ(again.confusion, best.confusion);
  EXPECT_NEAR(again.loss, best.loss, 1e-6);
}

TEST_F(TrainerTest, StopsWhenAskedTo) {
  stop_ = true;
  EXPECT_THAT(Train(), StatusIs(absl::StatusCode::kCancelled, testing::_));
}

TEST_F(TrainerTest, StoppedLaterItHasTheEpochsThatWereValidated) {
  StopAt terminal("epoch 2/8  validation", &stop_);
  terminal_.std::ostream::rdbuf(&terminal);
  ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
  EXPECT_TRUE(result.stopped);
  EXPECT_THAT(result.epochs, SizeIs(2));
  EXPECT_FALSE(result.weights.empty());
  EXPECT_THAT(terminal.str(), HasSubstr("stopped  epoch 3  epochs 8\n"));
}

TEST_F(TrainerTest, ALossThatIsNoNumberIsAnError) {
  config_.learning_rate = 1e38;
  EXPECT_THAT(Train(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the loss is no longer a number at step")));
}

TEST_F(TrainerTest, EveryEpochIsShown) {
  config_.epochs = 2;
  ASSERT_THAT(Train(), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("epoch 1/2  validation accuracy"));
  EXPECT_THAT(terminal_.str(), HasSubstr("epoch 2/2  validation accuracy"));
}

}  // namespace
}  // namespace newsgenre
