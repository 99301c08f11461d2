// Compares a trainer that was stopped and resumed with one that ran without interruption.
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/finetuning/trainer_fixture.h"
#include "trainer/finetuning/trainer.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class TrainerResumeTest : public TrainerFixture {
 protected:
  // Enables both kinds of dropout.
  TrainerResumeTest() {
    dropout_ = 0.1;
    config_.optimizer.epochs = 4;
    config_.token_dropout = 0.2;
  }

  // Returns the newest state, if there is one.
  std::optional<TrainingState> State(const std::string& folder) {
    const auto states = StateStore::Open(folder);
    return states.ok() ? (*states)->Load().value_or(std::nullopt) : std::nullopt;
  }

  // Saves a state at `step` and stops the run there.
  void StopAt(int64_t step, const std::string& folder) {
    stop_at_step_ = config_.run.save_steps = step;
    EXPECT_THAT(Train(folder), StatusIs(StatusCode::kCancelled, testing::_)) << step;
    stop_at_step_ = -1;
    config_.run.save_steps = 0;
  }
};

void ExpectSame(const TrainingResult& a, const TrainingResult& b) {
  EXPECT_THAT(DifferentWeights(a, b), ElementsAre());
  EXPECT_EQ(a.best, b.best);
  EXPECT_EQ(a.validation, b.validation);
  ASSERT_EQ(a.epochs.size(), b.epochs.size());
  for (size_t i = 0; i < a.epochs.size(); ++i) {
    const EpochResult &one = a.epochs[i], &other = b.epochs[i];
    EXPECT_EQ(one.epoch, other.epoch);
    EXPECT_EQ(one.steps, other.steps);
    EXPECT_EQ(one.training_loss, other.training_loss);
    EXPECT_EQ(one.training_article_loss, other.training_article_loss);
    EXPECT_EQ(one.training_correct, other.training_correct);
    EXPECT_EQ(one.training_accuracy, other.training_accuracy);
    EXPECT_EQ(one.validation.confusion, other.validation.confusion);
    EXPECT_EQ(one.validation.loss, other.validation.loss);
    EXPECT_EQ(one.validation.ece(), other.validation.ece());
    EXPECT_EQ(one.validation_article_loss, other.validation_article_loss);
    EXPECT_EQ(one.learning_rate, other.learning_rate);
  }
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (size_t i = 0; i < a.steps.size(); ++i) EXPECT_EQ(a.steps[i].loss, b.steps[i].loss) << i;
}

TEST_F(TrainerResumeTest, StoppedAtAnyStepGivesTheSameResult) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  const RunPlan plan = Plan();
  const int64_t epoch = plan.epoch_start(1);
  // Within an epoch, around its end, and after the last step.
  for (const int64_t step : {int64_t{1}, epoch - 1, epoch, epoch + 1, 2 * epoch + 3, plan.steps()}) {
    const std::string folder = dir_.File("stopped-at-" + std::to_string(step));
    StopAt(step, folder);
    std::optional<TrainingState> state = State(folder);
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->step, step);
    ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
    SCOPED_TRACE(step);
    ExpectSame(resumed, whole);
    // Earlier steps are not reported again.
    EXPECT_EQ(observer_->steps.size(), plan.steps() - step);
    for (size_t i = 0; i < observer_->steps.size(); ++i) EXPECT_EQ(observer_->steps[i].step, step + 1 + i);
  }
}

TEST_F(TrainerResumeTest, StoppedRepeatedlyGivesTheSameResult) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  const std::string folder = dir_.File("states");
  config_.run.save_steps = 1;
  std::vector<int64_t> steps;
  for (int64_t step = 2; step < Plan().steps(); step += 5) {
    stop_at_step_ = step;
    EXPECT_THAT(Train(folder), StatusIs(StatusCode::kCancelled, testing::_));
    for (const StepPoint& point : observer_->steps) steps.push_back(point.step);
  }
  stop_at_step_ = -1;
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
  ExpectSame(resumed, whole);
  for (const StepPoint& point : observer_->steps) steps.push_back(point.step);
  for (size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], i + 1);
  EXPECT_EQ(steps.size(), Plan().steps());
}

TEST_F(TrainerResumeTest, StoppedBetweenTwoEpochsKeepsTheFirst) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  const std::string folder = dir_.File("states");
  stop_at_epoch_ = 2;
  EXPECT_THAT(Train(folder), StatusIs(StatusCode::kCancelled, testing::_));
  const std::optional<TrainingState> state = State(folder);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->epochs.size(), 2u);
  EXPECT_EQ(state->step, Plan().epoch_start(2));
  stop_at_epoch_ = -1;
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
  EXPECT_THAT(observer_->epochs, ElementsAre(3, 4));
  EXPECT_THAT(observer_->epoch_steps, ElementsAre(Plan().epoch_start(3), Plan().steps()));
  ExpectSame(resumed, whole);
}

TEST_F(TrainerResumeTest, DependsOnEveryTensorOfTheState) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  int number = 0;
  for (const auto part : {&TrainingState::values, &TrainingState::means, &TrainingState::squares}) {
    const std::string folder = dir_.File("changed-" + std::to_string(++number));
    StopAt(5, folder);
    {
      ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(folder));
      ASSERT_OK_AND_ASSIGN(std::optional<TrainingState> state, states->Load());
      ASSERT_TRUE(state.has_value());
      ((*state).*part).mul_(1.001);
      ASSERT_THAT(states->Save(*state), IsOk());
    }
    ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
    EXPECT_THAT(DifferentWeights(resumed, whole), Not(ElementsAre())) << number;
  }
}

TEST_F(TrainerResumeTest, ResumesInBf16) {
  type_ = at::kBFloat16;
  config_.optimizer.epochs = 2;
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  StopAt(4, dir_.File("states"));
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(dir_.File("states")));
  ExpectSame(resumed, whole);
}

TEST_F(TrainerResumeTest, StoppedBeforeTheFirstStepSavesNothing) {
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train());
  const std::string folder = dir_.File("states");
  stop_ = true;
  EXPECT_THAT(Train(folder), StatusIs(StatusCode::kCancelled, testing::_));
  EXPECT_FALSE(State(folder).has_value());
  stop_ = false;
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
  ExpectSame(resumed, whole);
}

TEST_F(TrainerResumeTest, SavesTheStateAfterTheLastEpoch) {
  const std::string folder = dir_.File("states");
  ASSERT_OK_AND_ASSIGN(const TrainingResult whole, Train(folder));
  const std::optional<TrainingState> state = State(folder);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->epochs.size(), 4u);
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
  EXPECT_THAT(observer_->steps, ElementsAre());
  ExpectSame(resumed, whole);
}

TEST_F(TrainerResumeTest, AddsTheTimeOfEarlierProcesses) {
  const std::string folder = dir_.File("states");
  StopAt(3, folder);
  const std::optional<TrainingState> state = State(folder);
  ASSERT_TRUE(state.has_value());
  EXPECT_GT(state->epoch_seconds, 0);
  ASSERT_OK_AND_ASSIGN(const TrainingResult resumed, Train(folder));
  EXPECT_GT(resumed.epochs[0].seconds, state->epoch_seconds);
  double seconds = 0;
  for (const EpochResult& epoch : resumed.epochs) seconds += epoch.seconds;
  EXPECT_GE(resumed.seconds, seconds - 1e-9);
}

TEST_F(TrainerResumeTest, RefusesAStateOfAnotherPlan) {
  const std::string folder = dir_.File("states");
  StopAt(20, folder);
  config_.optimizer.epochs = 1;
  EXPECT_THAT(Train(folder), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another plan")));
}

}  // namespace
}  // namespace newsgenre
