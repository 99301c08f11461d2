#include "trainer/finetuning/trainer.h"

#include <ATen/ops/isfinite.h>

#include "common/inference/predict.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/finetuning/trainer_fixture.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class TrainerTest : public TrainerFixture {};

TEST_F(TrainerTest, LearnsEasyTexts) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    type_ = type;
    ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
    ASSERT_THAT(result.epochs, SizeIs(8));
    const EpochResult &first = result.epochs.front(), &last = result.epochs.back();
    EXPECT_EQ(result.epochs[result.best].validation.accuracy(), 1) << type;
    EXPECT_LT(last.training_loss, first.training_loss / 4) << type;
    EXPECT_GT(last.training_accuracy, 0.9) << type;
    EXPECT_EQ(last.training_accuracy, static_cast<double>(last.training_correct) / 60) << type;
    EXPECT_GT(first.steps, 5);
    EXPECT_GT(result.seconds, last.seconds);
  }
}

TEST_F(TrainerTest, TheSameSeedGivesTheSameBits) {
  dropout_ = 0.1;
  config_.optimizer.epochs = 2;
  ASSERT_OK_AND_ASSIGN(const TrainingResult one, Train());
  ASSERT_OK_AND_ASSIGN(const TrainingResult same, Train());
  config_.run.seed = 2;
  ASSERT_OK_AND_ASSIGN(const TrainingResult other, Train());
  EXPECT_THAT(DifferentWeights(one, same), ElementsAre());
  EXPECT_THAT(DifferentWeights(one, other), testing::Not(ElementsAre()));
  EXPECT_EQ(one.epochs[1].training_loss, same.epochs[1].training_loss);
}

TEST_F(TrainerTest, LearnsWithTokenDropout) {
  config_.token_dropout = 0.3;
  config_.optimizer.epochs = 16;
  ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
  EXPECT_EQ(result.epochs[result.best].validation.accuracy(), 1);
  // Three in ten texts lack the word that determines the label.
  EXPECT_LT(result.epochs.back().training_accuracy, 0.95);
}

TEST_F(TrainerTest, KeepsTheWeightsOfTheBestEpoch) {
  // At such a high learning rate, the best epoch is unlikely to be the last.
  config_.optimizer.learning_rate = 0.1;
  config_.optimizer.epochs = 12;
  ASSERT_OK_AND_ASSIGN(TrainingResult result, Train());
  const ClassificationMetrics& best = result.epochs[result.best].validation;
  for (const EpochResult& epoch : result.epochs) {
    EXPECT_LE(epoch.validation.correct(), best.correct());
    EXPECT_TRUE(epoch.validation.correct() < best.correct() || epoch.validation.loss >= best.loss);
  }
  EXPECT_EQ(Evaluate(result.validation, rows_.validation.labels).loss, best.loss);

  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const Albert model, Albert::FromTensors(tiny.model.config(), tiny.model.head(), 4,
                                                               std::move(result.weights)));
  for (int64_t text = 0; text < rows_.validation.size(); ++text) {
    const Encoding encoding = rows_.validation.Text(text);
    ASSERT_OK_AND_ASSIGN(const ProbabilityRows again, Predict(model, {&encoding}));
    EXPECT_THAT(again[0], testing::Pointwise(testing::FloatNear(1e-5f), result.validation[text])) << text;
  }
}

TEST_F(TrainerTest, FollowsTheLearningRateSchedule) {
  config_.optimizer.epochs = 2;
  config_.optimizer.schedule = "constant";
  config_.optimizer.warmup = 0;
  ASSERT_OK_AND_ASSIGN(const TrainingResult constant, Train());
  for (const StepPoint& point : observer_->steps) EXPECT_EQ(point.learning_rate, 5e-3);

  config_.optimizer.schedule = "linear";
  ASSERT_OK_AND_ASSIGN(const TrainingResult linear, Train());
  for (size_t i = 1; i < observer_->steps.size(); ++i) {
    EXPECT_LT(observer_->steps[i].learning_rate, observer_->steps[i - 1].learning_rate);
  }
  EXPECT_GT(observer_->steps.back().learning_rate, 0);
  EXPECT_EQ(linear.epochs.back().learning_rate, observer_->steps.back().learning_rate);
  EXPECT_NE(constant.epochs[0].training_loss, linear.epochs[0].training_loss);
}

TEST_F(TrainerTest, ShowsEveryEpoch) {
  config_.optimizer.epochs = 2;
  ASSERT_THAT(Train(), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("epoch 1/2  validation accuracy"));
  EXPECT_THAT(terminal_.str(), HasSubstr("epoch 2/2  validation accuracy"));
  EXPECT_THAT(observer_->epochs, ElementsAre(1, 2));
  EXPECT_THAT(observer_->epoch_steps, ElementsAre(Plan().epoch_start(1), Plan().steps()));
}

TEST_F(TrainerTest, ReportsEveryStepOnceAndInOrder) {
  config_.optimizer.epochs = 3;
  config_.run.save_steps = 4;
  ASSERT_OK_AND_ASSIGN(const TrainingResult result, Train());
  const RunPlan plan = Plan();
  ASSERT_THAT(observer_->steps, SizeIs(plan.steps()));
  double losses = 0;
  for (int64_t i = 0; i < plan.steps(); ++i) {
    EXPECT_EQ(observer_->steps[i].step, i + 1);
    if (i >= plan.epoch_start(2)) {
      losses += observer_->steps[i].loss * static_cast<double>(plan.batch(i).size());
    }
  }
  EXPECT_NEAR(result.epochs[2].training_loss, losses / 60, 1e-6);
  // The curve of a short run has one point per step.
  ASSERT_THAT(result.steps, SizeIs(plan.steps()));
  EXPECT_EQ(result.steps[5].loss, observer_->steps[5].loss);

  int64_t before = 0;
  for (const ProgressState& state : observer_->progress) {
    EXPECT_GE(state.step, before);  // an epoch's last step can be shown twice
    EXPECT_EQ(state.steps, plan.steps());
    before = state.step;
  }
  EXPECT_EQ(before, plan.steps());
  EXPECT_EQ(observer_->progress.back().loss, result.epochs[2].training_loss);
  EXPECT_EQ(observer_->progress.back().accuracy, result.epochs[2].training_accuracy);
}

TEST_F(TrainerTest, FailsIfTheLossIsNotFinite) {
  config_.optimizer.learning_rate = 1e38;
  config_.run.save_steps = 1;
  const std::string folder = dir_.File("states");
  const absl::StatusOr<TrainingResult> result = Train(folder);
  EXPECT_THAT(result,
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("no longer"),
                             testing::ContainsRegex(" at step [0-9]+ \\(epoch 1; a batch of "),
                             testing::ContainsRegex("texts, lines 1[0-9][0-9], 1[0-9][0-9].* of train.csv"),
                             HasSubstr("--learning_rate"))));
  // The state named in the error exists and is undamaged.
  ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(folder));
  ASSERT_NE(states->newest(), "");
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("good state is " + states->newest() + ";"));
  ASSERT_OK_AND_ASSIGN(const std::optional<TrainingState> state, states->Load());
  ASSERT_TRUE(state.has_value());
  EXPECT_TRUE(at::isfinite(state->values).all().item<bool>());
  EXPECT_TRUE(at::isfinite(state->records).all().item<bool>());
}

TEST_F(TrainerTest, ADivergedRunWithoutAStateNamesTheStart) {
  config_.optimizer.learning_rate = 1e38;
  EXPECT_THAT(Train(), StatusIs(absl::StatusCode::kInternal, HasSubstr("the last good state is the start;")));
}

TEST_F(TrainerTest, DoesNotSaveWeightsThatAreNotFinite) {
  config_.optimizer.learning_rate = 1e39;  // exceeds fp32
  config_.optimizer.warmup = 0;
  config_.run.save_steps = 1;
  const std::string folder = dir_.File("states");
  EXPECT_THAT(Train(folder),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("the weights are no longer numbers after the update at step 1 "),
                             HasSubstr("the last good state is the start;"))));
  ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(folder));
  EXPECT_EQ(states->newest(), "");
}

}  // namespace
}  // namespace newsgenre
