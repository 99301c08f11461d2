// Tests of fine-tunings that are stopped or killed, and resumed.
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/finetuning/finetuning_run_fixture.h"
#include "tests/trainer/run/stop_at.h"
#include "trainer/finetuning/finetuning_run.h"
#include "trainer/run/training_state.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

class FinetuningResumeTest : public FinetuningRunFixture {
 protected:
  FinetuningResumeTest() {
    UseTinyModel();
    config_.optimizer.epochs = 3;
    config_.token_dropout = 0.1;
    config_.run.recipe = {{"epochs", "3"}, {"token_dropout", "0.1"}};
  }

  // Runs until the terminal shows `text`, and stops there.
  void StopWhenShown(const std::string& text) {
    StopAt terminal(text, &stop_);
    std::ostream stream(&terminal);
    Progress progress(&stream);
    EXPECT_THAT(RunFinetuning(config_, {stop_, &progress}), StatusIs(StatusCode::kCancelled, testing::_));
    stop_ = false;
  }

  std::string States() const { return config_.run.model_dir + "/training-state"; }
};

TEST_F(FinetuningResumeTest, AStoppedRunGivesTheSameResult) {
  ASSERT_OK_AND_ASSIGN(const Report whole, Run());
  const std::string weights = Weights("v1");

  config_.run.model_dir = dir_.File("stopped");
  StopWhenShown("epoch 2/3  validation");
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("tensorboard", "training-state"));
  config_.run.resume = true;
  ASSERT_OK_AND_ASSIGN(const Report resumed, Run());
  EXPECT_THAT(terminal_.str(), HasSubstr("resuming  state " + States() + "/state-000000001  step "));
  EXPECT_EQ(Weights("v1"), weights);
  EXPECT_EQ(resumed.best, whole.best);
  EXPECT_EQ(resumed.temperature, whole.temperature);
  ASSERT_EQ(resumed.epochs.size(), 3u);
  EXPECT_EQ(resumed.epochs[0].validation.loss, whole.epochs[0].validation.loss);
  EXPECT_EQ(resumed.epochs[2].training_loss, whole.epochs[2].training_loss);
  EXPECT_FALSE(fs::exists(States()));
  EXPECT_EQ(Names(config_.run.model_dir + "/tensorboard/v1").size(), 2u);
}

TEST_F(FinetuningResumeTest, StoppedBeforeTheTrainingPublishesNothing) {
  stop_ = true;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kCancelled, testing::_));
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("training-state"));
  stop_ = false;
  EXPECT_THAT(Run(), IsOk());  // no state was saved
}

TEST_F(FinetuningResumeTest, StoppedBeforeTheFirstStepAllowsOtherSettings) {
  StopWhenShown("rows read");
  EXPECT_THAT(Names(States()), UnorderedElementsAre("lock"));
  config_.model_version = "v2";
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.version, "v2");
}

TEST_F(FinetuningResumeTest, StoppedBeforeTheTestPublishesNothing) {
  config_.test = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/test.csv";
  StopWhenShown("epoch 3/3  validation");
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("tensorboard", "training-state"));
  config_.run.resume = true;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.test->rows(), 148);
  EXPECT_THAT(terminal_.str(), Not(HasSubstr("epoch 3/3")));  // no step was left
}

TEST_F(FinetuningResumeTest, ResumeWithoutAStateStartsFromTheBeginning) {
  config_.run.resume = true;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.epochs.size(), 3u);
  EXPECT_THAT(terminal_.str(), Not(HasSubstr("resuming")));
}

TEST_F(FinetuningResumeTest, RefusesToDiscardAState) {
  StopWhenShown("epoch 1/3  validation");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition,
                              AllOf(HasSubstr(States() + "/state-000000001 is the state of a run that "),
                                    HasSubstr("--resume"))));
  fs::remove_all(States());
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(FinetuningResumeTest, RefusesTheStateOfAnotherRun) {
  StopWhenShown("epoch 1/3  validation");
  config_.run.resume = true;
  const FinetuningConfig same = config_;
  const auto expect_refused = [&](const auto& what) {
    EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition,
                                AllOf(HasSubstr(States()), HasSubstr("belongs to another run: "), what)));
    config_ = same;
  };
  config_.run.recipe["epochs"] = "4";
  config_.run.recipe["learning_rate"] = "1";
  expect_refused(AllOf(HasSubstr("--epochs is 4, the state has 3; "),
                       HasSubstr("--learning_rate is 1, the state has absent"), Not(HasSubstr("threads"))));
  config_.run.threads = 2;
  expect_refused(HasSubstr("threads is 2, the state has 1"));
  TinyModelOptions other;
  other.seed = 2;
  ASSERT_THAT(PublishTinyModel(dir_.File("other-start"), other), IsOk());
  config_.model.init_from = dir_.File("other-start");
  expect_refused(AllOf(HasSubstr("SHA-256 of the first weights is "), Not(HasSubstr("vocabulary"))));

  config_.model.network.dropout = 0.5;
  expect_refused(AllOf(HasSubstr("SHA-256 of the network's sizes is "), Not(HasSubstr("weights"))));
  config_.model.max_tokens = 20;
  expect_refused(HasSubstr("tokens read of a text is 20, the state has 48"));

  ASSERT_OK_AND_ASSIGN(std::string rows, ReadFile(config_.data.train));
  config_.data.train = WriteRows("train.csv", rows + "1,another,row\n");
  expect_refused(AllOf(HasSubstr("SHA-256 of --train is "), HasSubstr("training rows is ")));
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(FinetuningResumeTest, ResumesWithTheSameDataInAnotherFile) {
  StopWhenShown("epoch 1/3  validation");
  config_.run.resume = true;
  ASSERT_OK_AND_ASSIGN(std::string rows, ReadFile(config_.data.train));
  config_.data.train = WriteRows("moved.csv", rows);
  config_.run.recipe["train"] = config_.data.train;
  config_.run.recipe["save_steps"] = "3";
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(FinetuningResumeTest, KilledAfterThePublicationGivesTheSameResult) {
  config_.test = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/test.csv";
  StopWhenShown("epoch 3/3  validation");
  const std::string copy = dir_.File("copy");
  fs::copy(States(), copy, fs::copy_options::recursive);
  config_.run.resume = true;
  ASSERT_THAT(Run(), IsOk());
  const std::string weights = Weights("v1");
  const auto manifest = ReadFile(config_.run.model_dir + "/v1/manifest.json");

  // As if the process had been killed before it removed its state.
  fs::copy(copy, States(), fs::copy_options::recursive);
  fs::remove(config_.run.model_dir + "/CURRENT");
  fs::remove(config_.run.model_dir + "/report.json");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Weights("v1"), weights);
  EXPECT_EQ(*ReadFile(config_.run.model_dir + "/v1/manifest.json"), *manifest);
  EXPECT_EQ(*ReadFile(config_.run.model_dir + "/CURRENT"), "v1\n");
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("v1", "CURRENT", "report.json", "report.md",
                                                                 "report.html", "tensorboard"));
}

TEST_F(FinetuningResumeTest, RemovesUnfinishedFilesOfAKilledRun) {
  for (const char* name : {"v1.tmp.aB3dE6", ".staging-aB3dE6", ".probe-aB3dE6", "mine.tmp.aB3dE6"}) {
    fs::create_directories(config_.run.model_dir + "/" + name);
  }
  WriteRows("model/CURRENT.tmp.1234", "v");
  WriteRows("model/report.json.tmp.1234", "{");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Names(config_.run.model_dir),
              UnorderedElementsAre("v1", "CURRENT", "report.json", "report.md", "report.html", "tensorboard",
                                   "mine.tmp.aB3dE6"));
}

TEST_F(FinetuningResumeTest, RefusesASecondRunAtTheSameTime) {
  ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(States()));
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition,
                              HasSubstr("another training run is using " + States())));
}

}  // namespace
}  // namespace newsgenre
