// Tests StepLoop with a simple task, for cases that the trainer's tests do not cover.
#include "trainer/run/step_loop.h"

#include <utility>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/finetuning/trainer_fixture.h"
#include "trainer/data/device_dataset.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// A task like that of a masked-language model: three predictions per text, each with a third of the text's
// loss.
class StepLoopTest : public TrainerFixture {
 protected:
  StepLoopTest() {
    dropout_ = 0.1;
    config_.optimizer.epochs = 3;
  }

  // Owns a loop and the objects that it refers to.
  struct Run {
    Run(const FinetuningConfig& config, TrainingRows data, RunPlan steps,
        std::unique_ptr<TrainingNetwork> trained, std::unique_ptr<StateStore> store)
        : rows(std::move(data)),
          plan(std::move(steps)),
          network(std::move(trained)),
          states(std::move(store)),
          texts(rows.training, at::kCPU) {
      task.classes = 4;
      task.loss_steps = 5;
      task.describe_batch = [](int64_t step) { return "text of step " + std::to_string(step); };
      task.accumulate_gradients = [this](const RowBatch& micro_batch, double weight) {
        micro_batches.push_back(micro_batch);
        weights.push_back(weight);
        const LabelledBatch batch = texts.Batch(micro_batch);
        BatchResult result = network->AccumulateGradients(batch.texts, {batch.labels}, weight);
        result.count = 3 * static_cast<int64_t>(micro_batch.size());
        result.loss = result.loss.mul(loss_factor);
        losses.push_back(result.loss.item<double>());
        return result;
      };
      loop = std::make_unique<StepLoop>(StepLoopConfig{config.optimizer, config.run}, plan, network.get(),
                                        RunHooks{&progress, &observer, states.get()}, task);
    }
    absl::Status Start() {
      absl::StatusOr<std::optional<TrainingState>> state = states->Load();
      return state.ok() ? loop->Start(state->value_or(TrainingState())) : state.status();
    }

    const TrainingRows rows;
    const RunPlan plan;
    const std::unique_ptr<TrainingNetwork> network;
    const std::unique_ptr<StateStore> states;
    const DeviceDataset texts;
    std::stringstream terminal;
    Progress progress{&terminal};
    RecordingObserver observer;
    double loss_factor = 1;
    std::vector<RowBatch> micro_batches;  // trained on
    std::vector<double> weights;          // of each micro-batch
    std::vector<double> losses;           // of each micro-batch, summed
    TrainingTask task;
    std::unique_ptr<StepLoop> loop;
  };

  // Starts as a new process would, from the newest state in `folder` or from scratch.
  std::unique_ptr<Run> Start(const std::string& folder) {
    std::unique_ptr<TrainingNetwork> network = *NewNetwork();
    auto run = std::make_unique<Run>(config_, rows_, Plan(), std::move(network),
                                     *StateStore::Open(dir_.File(folder)));
    EXPECT_THAT(run->Start(), IsOk());
    return run;
  }

  const std::atomic<bool> run_on_{false}, stop_now_{true};
};

TEST_F(StepLoopTest, EachTextOfABatchHasTheSameWeight) {
  config_.run.micro_batch_tokens = 20;
  const auto run = Start("states");
  ASSERT_THAT(run->loop->RunTo(2, run_on_), IsOk());
  std::vector<RowBatch> batches(2);
  EXPECT_GT(run->micro_batches.size(), 2u);
  for (size_t i = 0; i < run->micro_batches.size(); ++i) {
    const size_t batch = batches[0].size() < run->plan.batch(0).size() ? 0 : 1;
    batches[batch].insert(batches[batch].end(), run->micro_batches[i].begin(), run->micro_batches[i].end());
    EXPECT_EQ(run->weights[i], 1 / static_cast<double>(run->plan.batch(batch).size()));
  }
  EXPECT_THAT(batches, ElementsAre(run->plan.batch(0), run->plan.batch(1)));
}

TEST_F(StepLoopTest, ShowsTheMeanLossOverTheLastStepsPredictions) {
  const auto run = Start("states");
  ASSERT_THAT(run->loop->RunTo(12, run_on_), IsOk());
  ASSERT_THAT(run->observer.steps, SizeIs(12));
  ASSERT_THAT(run->losses, SizeIs(12));  // one micro-batch per batch
  double losses = 0, texts = 0;
  for (int64_t step = 7; step < 12; ++step) {
    const auto size = static_cast<double>(run->plan.batch(step).size());
    EXPECT_NEAR(run->observer.steps[step].loss, run->losses[step] / (3 * size), 1e-6);
    losses += run->losses[step];
    texts += size;
  }
  const ProgressState& shown = run->observer.progress.back();
  EXPECT_EQ(shown.step, 12);
  EXPECT_NEAR(shown.loss, losses / (3 * texts), 1e-6);
  EXPECT_LE(shown.accuracy, 1.0 / 3 + 1e-9);
  EXPECT_NEAR(shown.tokens_per_second / shown.texts_per_second,
              static_cast<double>(run->plan.tokens(0, 12)) / static_cast<double>(run->plan.texts(0, 12)),
              1e-6);
}

TEST_F(StepLoopTest, ContinuesFromTheCurrentStep) {
  const auto whole = Start("whole"), parts = Start("parts");
  const int64_t steps = whole->plan.steps();
  ASSERT_THAT(whole->loop->RunTo(steps, run_on_), IsOk());
  for (const int64_t step : {int64_t{1}, int64_t{1}, int64_t{9}, steps}) {
    ASSERT_THAT(parts->loop->RunTo(step, run_on_), IsOk());
    EXPECT_EQ(parts->loop->state().step, step);
    EXPECT_EQ(parts->observer.progress.back().step, step);
  }
  EXPECT_TRUE(at::equal(whole->loop->CopyWeights(), parts->loop->CopyWeights()));
  EXPECT_THAT(parts->observer.steps, SizeIs(steps));
  // Without validation the epoch follows from the step.
  EXPECT_EQ(parts->observer.progress.front().epoch, 1);
  EXPECT_EQ(parts->observer.progress.back().epoch, 3);
}

TEST_F(StepLoopTest, ResumesAStoppedRun) {
  const auto whole = Start("whole");
  const int64_t steps = whole->plan.steps();
  ASSERT_THAT(whole->loop->RunTo(steps, run_on_), IsOk());
  for (const int64_t step : {int64_t{1}, whole->plan.epoch_start(1), steps - 1}) {
    const std::string folder = "stopped-" + std::to_string(step);
    {
      const auto run = Start(folder);
      ASSERT_THAT(run->loop->RunTo(step, run_on_), IsOk());
      EXPECT_EQ(run->states->newest(), "");
      EXPECT_THAT(run->loop->RunTo(steps, stop_now_), StatusIs(StatusCode::kCancelled, _));
      EXPECT_NE(run->states->newest(), "");
    }
    const auto resumed = Start(folder);
    EXPECT_EQ(resumed->loop->state().step, step);
    ASSERT_THAT(resumed->loop->RunTo(steps, run_on_), IsOk());
    EXPECT_TRUE(at::equal(whole->loop->CopyWeights(), resumed->loop->CopyWeights())) << step;
    EXPECT_EQ(whole->observer.progress.back().loss, resumed->observer.progress.back().loss) << step;
    EXPECT_EQ(whole->loop->snapshot().records.Sum(0, steps).predictions,
              resumed->loop->snapshot().records.Sum(0, steps).predictions);
    EXPECT_THAT(resumed->observer.steps, SizeIs(steps - step));
  }
}

TEST_F(StepLoopTest, StoppedBeforeTheFirstStepSavesNothing) {
  const auto run = Start("states");
  EXPECT_THAT(run->loop->RunTo(1, stop_now_), StatusIs(StatusCode::kCancelled, _));
  EXPECT_EQ(run->states->newest(), "");
  EXPECT_THAT(run->micro_batches, ElementsAre());
}

// The limit is ten times ln 4.
TEST_F(StepLoopTest, DescribesADivergedStep) {
  const auto run = Start("states");
  ASSERT_THAT(run->loop->RunTo(10, run_on_), IsOk());
  run->loss_factor = 1000;
  const absl::Status status = run->loop->RunTo(run->plan.steps(), run_on_);
  EXPECT_THAT(status,
              StatusIs(StatusCode::kInternal, HasSubstr("the loss explodes: its mean over 10 steps is")));
  EXPECT_THAT(std::string(status.message()),
              testing::ContainsRegex("at step ([0-9]+) \\(text of step [0-9]+\\); the last good state is the "
                                     "start; a lower --learning_rate may help"));
}

TEST_F(StepLoopTest, RefusesAStateOfAnotherNetworkOrPlan) {
  {
    const auto run = Start("states");
    ASSERT_THAT(run->loop->RunTo(run->plan.epoch_start(2) + 1, run_on_), IsOk());
    ASSERT_THAT(run->loop->Save(), IsOk());
  }
  const auto refused =
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another network or another plan"));
  TrainingState state;
  {
    ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(dir_.File("states")));
    ASSERT_OK_AND_ASSIGN(const std::optional<TrainingState> loaded, states->Load());
    ASSERT_TRUE(loaded.has_value());
    state = *loaded;
  }
  config_.optimizer.epochs = 2;
  const auto shorter = Start("shorter");
  EXPECT_THAT(shorter->loop->Start(state), refused);
  config_.optimizer.epochs = 3;
  const auto run = Start("same");
  TrainingState other = state;
  other.values = state.values.slice(0, 1);
  EXPECT_THAT(run->loop->Start(other), refused);
  EXPECT_THAT(run->loop->Start(state), IsOk());
}

}  // namespace
}  // namespace newsgenre
