// Tests of pre-trainings that are stopped or killed, and resumed.
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/trainer/pretraining/pretraining_run_fixture.h"
#include "tests/trainer/run/stop_at.h"
#include "trainer/run/training_state.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::_;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PretrainingResumeTest : public PretrainingRunFixture {
 protected:
  // Runs until the terminal shows `text`, and stops there.
  void StopWhenShown(const std::string& text) {
    StopAt terminal(text, &stop_);
    std::ostream stream(&terminal);
    Progress progress(&stream);
    EXPECT_THAT(RunPretraining(config_, {stop_, &progress}), StatusIs(StatusCode::kCancelled, _));
    stop_ = false;
  }

  std::string States() const { return folder() + "/training-state"; }
};

// The loss is first shown after a fraction of a second, at the latest with the last step.
TEST_F(PretrainingResumeTest, AStoppedRunGivesTheSameResult) {
  config_.optimizer.epochs = 20;
  ASSERT_OK_AND_ASSIGN(const Report whole, Run());
  const std::string weights = Weights();

  config_.run.model_dir = dir_.File("stopped");
  StopWhenShown("loss");
  EXPECT_THAT(Names(), ElementsAre("tensorboard", "training-state"));
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("--resume")));
  config_.run.resume = true;
  ASSERT_OK_AND_ASSIGN(const Report resumed, Run());
  EXPECT_THAT(terminal_.str(), HasSubstr("resuming  state " + States() + "/state-000000001  step "));
  EXPECT_EQ(Weights(), weights);
  EXPECT_EQ(resumed.held_out->loss, whole.held_out->loss);
  EXPECT_EQ(resumed.steps.size(), whole.steps.size());
  EXPECT_EQ(resumed.steps.back().loss, whole.steps.back().loss);
  EXPECT_GT(resumed.seconds, 0);
  EXPECT_THAT(Names(), Not(Contains("training-state")));
}

TEST_F(PretrainingResumeTest, StoppedBeforeTheFirstStepAllowsOtherSettings) {
  for (const char* message : {"device", "vocabulary made", "texts read"}) {
    StopWhenShown(message);
    EXPECT_THAT(Names(), Contains("training-state"));
    EXPECT_THAT(Names(), Not(Contains("config.json")));
  }
  config_.run.seed = 3;
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(PretrainingResumeTest, RefusesAStateOfOtherInput) {
  StopWhenShown("loss");
  config_.run.resume = true;
  const std::string text = *ReadFile(config_.text[0]);
  Write("text.txt", EasyText(150, 2));
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition,
                              AllOf(HasSubstr(States()), HasSubstr("SHA-256 of --text is"))));
  Write("text.txt", text);
  config_.run.recipe["epochs"] = "7";
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("--epochs is 7, the state has 3")));
  config_.run.recipe["epochs"] = "3";
  config_.run.micro_batch_tokens = 512;
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(PretrainingResumeTest, ResumesIfKilledBeforeTheStateWasRemoved) {
  StopWhenShown("loss");
  fs::copy(States(), dir_.File("state"), fs::copy_options::recursive);
  config_.run.resume = true;
  ASSERT_THAT(Run(), IsOk());
  const std::string weights = Weights();

  fs::copy(dir_.File("state"), States(), fs::copy_options::recursive);
  for (const char* name : {"config.json.tmp.17", "model.safetensors.tmp.17", "report.md.tmp.17"}) {
    std::ofstream(folder() + "/" + name) << "half";
  }
  fs::remove(folder() + "/report.json");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Weights(), weights);
  EXPECT_THAT(Names(), ElementsAre("config.json", "model.safetensors", "report.html", "report.json",
                                   "report.md", "spiece.model", "tensorboard", "tokenizer_config.json"));
}

TEST_F(PretrainingResumeTest, RefusesASecondRunAtTheSameTime) {
  ASSERT_OK_AND_ASSIGN(const auto states, StateStore::Open(States()));
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition,
                              HasSubstr("another training run is using " + States())));
}

}  // namespace
}  // namespace newsgenre
