#include "trainer/finetuning/finetuning_run.h"

#include <filesystem>

#include "common/base/file.h"
#include "common/checkpoint/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/finetuning/finetuning_run_fixture.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

class FinetuningRunTest : public FinetuningRunFixture {};

TEST_F(FinetuningRunTest, ChecksTheModelFolderFirst) {
  config_.run.model_dir = "/proc";  // not even root can make a folder there
  EXPECT_THAT(Run(), StatusIs(StatusCode::kNotFound, HasSubstr("/proc")));
  EXPECT_THAT(terminal_.str(), Not(HasSubstr("vocabulary made")));
}

TEST_F(FinetuningRunTest, PublishesAndReports) {
  config_.test = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/test.csv";
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.training_rows + report.validation_rows, 592);
  EXPECT_EQ(report.validation_rows, 59);
  EXPECT_EQ(report.test->rows(), 148);
  EXPECT_EQ(report.release, config_.run.model_dir + "/v1");
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("v1", "CURRENT", "report.json", "report.md",
                                                                 "report.html", "tensorboard"));
  EXPECT_THAT(Names(config_.run.model_dir + "/tensorboard/v1"),
              testing::ElementsAre(testing::StartsWith("events.out.tfevents.")));

  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(config_.run.model_dir + "/report.json"));
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json(ReportJson(report)));
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, LoadCheckpoint(config_.run.model_dir));
  const v1::Manifest& manifest = checkpoint.manifest;
  EXPECT_EQ(manifest.version(), "v1");
  EXPECT_EQ(manifest.recipe().at("epochs"), "1");
  EXPECT_EQ(manifest.metrics().at("test_accuracy"), report.test->accuracy());
  EXPECT_EQ(manifest.metrics().at("validation_loss"), report.calibrated->loss);
  EXPECT_EQ(manifest.metrics().at("validation_ece_before_temperature"), report.epochs[0].validation.ece());
  EXPECT_GT(manifest.temperature(), 0);
  EXPECT_EQ(manifest.temperature(), report.temperature);
  EXPECT_EQ(manifest.max_tokens(), 48);
  EXPECT_EQ(checkpoint.model.config().vocab_size, 500);
  EXPECT_THAT(terminal_.str(), HasSubstr("device  requested cpu  used cpu  precision fp32  threads 1\n"));
  EXPECT_THAT(terminal_.str(), Not(HasSubstr("warning")));
}

TEST_F(FinetuningRunTest, ReportsValidationMistakesWithoutATest) {
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_FALSE(report.test.has_value());
  EXPECT_EQ(report.mistakes_file, config_.data.train);
  ASSERT_FALSE(report.mistakes.empty());
  EXPECT_GE(report.mistakes.front().confidence, report.mistakes.back().confidence);
}

TEST_F(FinetuningRunTest, TheSameSeedGivesTheSameFile) {
  ASSERT_THAT(Run(), IsOk());
  config_.model_version = "v2";
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Weights("v1"), Weights("v2"));
}

TEST_F(FinetuningRunTest, StartsFromACheckpoint) {
  UseTinyModel();
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.vocab_size, 800);
  ASSERT_OK_AND_ASSIGN(const Checkpoint start, LoadCheckpoint(config_.model.init_from));
  ASSERT_OK_AND_ASSIGN(const Checkpoint trained, LoadCheckpoint(config_.run.model_dir));
  EXPECT_EQ(trained.encoder.tokenizer().model_bytes(), start.encoder.tokenizer().model_bytes());
  EXPECT_EQ(trained.model.config().hidden_size, start.model.config().hidden_size);
  EXPECT_EQ(trained.encoder.max_tokens(), 48);

  // The layers share their weights, so their number can be changed.
  config_.model_version = "deeper";
  config_.model.network.layers = start.model.config().num_hidden_layers + 2;
  ASSERT_THAT(Run(), IsOk());
  ASSERT_OK_AND_ASSIGN(const Checkpoint deeper, LoadCheckpoint(config_.run.model_dir));
  EXPECT_EQ(deeper.model.config().num_hidden_layers, *config_.model.network.layers);

  config_.model_version = "v2";
  config_.model.max_tokens = 65;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument,
                              AllOf(HasSubstr("--max_tokens is 65"), HasSubstr("has 64 positions"))));
}

TEST_F(FinetuningRunTest, FailsOnBadRows) {
  const std::string good = "1,good,text\n2,good,text\n";
  config_.data.train = WriteRows("train.csv", good + "9,bad,label\n");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr(config_.data.train + ":3: label \"9\"")));
  config_.test = WriteRows("test.csv", good + "x\n");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(config_.data.train + ":3: label \"9\""),
                                                           HasSubstr(config_.test + ":3: 1 field"))));
  config_.data.train = WriteRows("train.csv", good);
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr(config_.test + ":3: 1 field")));
  EXPECT_THAT(Names(config_.run.model_dir), UnorderedElementsAre("training-state"));
}

TEST_F(FinetuningRunTest, LeavesOutAllowedBadRows) {
  ASSERT_OK_AND_ASSIGN(std::string rows, ReadFile(config_.data.train));
  config_.data.train = WriteRows("train.csv", rows + "9,bad,label\n1,\\,\n");
  config_.data.max_bad_rows = 1;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument,
                              AllOf(HasSubstr("2 bad rows"), HasSubstr(":593: label \"9\""),
                                    HasSubstr(":594: no text is left"))));
  config_.data.max_bad_rows = 2;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.training_rows + report.validation_rows, 592);
  EXPECT_THAT(terminal_.str(), HasSubstr("rows left out: 2 bad rows"));
}

TEST_F(FinetuningRunTest, FailsOnRowsThatAreEmptyAfterCleaning) {
  config_.data.train = WriteRows("train.csv", "1,a,b\n2,c,d\n3,\\,\n");
  config_.test = WriteRows("test.csv", "1,a,b\n1, ,\n");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(config_.data.train + ":3: "),
                                                                  HasSubstr(config_.test + ":2: "))));
}

TEST_F(FinetuningRunTest, FailsOnRowsOfASingleLabel) {
  UseTinyModel();
  config_.data.train = WriteRows("train.csv", "2,a,b\n2,c,d\n2,e,f\n");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(config_.data.train), HasSubstr("all 2 training rows are Sports"))));
}

TEST_F(FinetuningRunTest, WarnsAboutMissingLabelsAndFewRows) {
  UseTinyModel();
  config_.data.train = WriteRows("train.csv", "1,a,b\n2,c,d\n1,e,f\n2,g,h\n1,i,j\n2,k,l\n");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("warning: labels without a training row: Business, Sci/Tech\n"));
  EXPECT_THAT(terminal_.str(), HasSubstr("warning: all 1 validation rows are "));
  EXPECT_THAT(terminal_.str(), HasSubstr("fit in one batch: an epoch is a single step"));
}

TEST_F(FinetuningRunTest, RefusesAVocabularyLargerThanTheTextsYield) {
  config_.model.network.vocab_size = 100000;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("--vocab_size: ")));
}

TEST_F(FinetuningRunTest, RefusesAnExistingRelease) {
  std::filesystem::create_directories(config_.run.model_dir + "/v1");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kAlreadyExists, HasSubstr("release v1 exists")));
}

TEST_F(FinetuningRunTest, RefusesAMissingDevice) {
  config_.run.device = "cuda:99";
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("cuda:99")));
}

TEST_F(FinetuningRunTest, NamesTheReleaseByTheTimeWithoutAVersion) {
  config_.model_version = "";
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_THAT(report.version,
              testing::MatchesRegex("20[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]"));
}

}  // namespace
}  // namespace newsgenre
