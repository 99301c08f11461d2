#include "trainer/training_run.h"

#include <filesystem>
#include <fstream>

#include "common/base/file.h"
#include "common/model/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/stop_at.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

class TrainingRunTest : public testing::Test {
 protected:
  TrainingRunTest() {
    config_.train = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/train.csv";
    config_.model_dir = dir_.File("model");
    config_.model_version = "v1";
    config_.max_tokens = 48;
    config_.network.vocab_size = 500;
    config_.network.embedding_size = 16;
    config_.network.hidden_size = 16;
    config_.network.layers = 1;
    config_.network.heads = 2;
    config_.epochs = 1;
    config_.threads = 1;
    config_.device = "cpu";
    config_.recipe = {{"epochs", "1"}};
  }

  absl::StatusOr<Report> Run() { return RunTraining(config_, stop_, &progress_); }

  std::string WriteRows(const std::string& name, const std::string& rows) {
    std::ofstream(dir_.File(name)) << rows;
    return dir_.File(name);
  }

  const TempDir dir_;
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  TrainerConfig config_;
};

TEST_F(TrainingRunTest, FindsOutFirstThatItCannotPublish) {
  config_.model_dir = "/proc";  // where not even root can make a folder
  EXPECT_THAT(Run(), StatusIs(StatusCode::kNotFound, HasSubstr("/proc")));
  EXPECT_THAT(terminal_.str(), testing::Not(HasSubstr("vocabulary made")));
}

TEST_F(TrainingRunTest, PublishesAndReports) {
  config_.test = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/test.csv";
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.training_rows + report.validation_rows, 592);
  EXPECT_EQ(report.validation_rows, 59);
  EXPECT_EQ(report.test->rows(), 148);
  EXPECT_FALSE(report.stopped);

  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(config_.model_dir + "/report.json"));
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json(ReportJson(report)));
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, LoadCheckpoint(config_.model_dir));
  EXPECT_EQ(checkpoint.manifest.version(), "v1");
  EXPECT_EQ(checkpoint.manifest.recipe().at("epochs"), "1");
  EXPECT_EQ(checkpoint.manifest.metrics().at("test_accuracy"), report.test->accuracy());
  EXPECT_EQ(checkpoint.manifest.max_tokens(), 48);
  EXPECT_EQ(checkpoint.model.config().vocab_size, 500);
  EXPECT_THAT(terminal_.str(), HasSubstr("device  asked cpu  taken cpu  threads 1\n"));
}

TEST_F(TrainingRunTest, TheSameSeedGivesTheSameFile) {
  ASSERT_THAT(Run(), IsOk());
  config_.model_version = "v2";
  ASSERT_THAT(Run(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string one, ReadFile(config_.model_dir + "/v1/model.safetensors"));
  ASSERT_OK_AND_ASSIGN(const std::string two, ReadFile(config_.model_dir + "/v2/model.safetensors"));
  EXPECT_TRUE(one == two);
}

TEST_F(TrainingRunTest, StartsFromACheckpoint) {
  ASSERT_THAT(PublishTinyModel(dir_.File("start")), IsOk());
  config_.init_from = dir_.File("start");
  config_.network = {};
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.vocab_size, 800);
  ASSERT_OK_AND_ASSIGN(const Checkpoint start, LoadCheckpoint(config_.init_from));
  ASSERT_OK_AND_ASSIGN(const Checkpoint trained, LoadCheckpoint(config_.model_dir));
  EXPECT_EQ(trained.encoder.tokenizer().model_bytes(), start.encoder.tokenizer().model_bytes());
  EXPECT_EQ(trained.model.config().hidden_size, start.model.config().hidden_size);
  EXPECT_EQ(trained.encoder.max_tokens(), 48);

  config_.model_version = "v2";
  config_.max_tokens = 65;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument,
                              AllOf(HasSubstr("--max_tokens is 65"), HasSubstr("has 64 positions"))));
}

TEST_F(TrainingRunTest, StoppedBeforeAnEpochItPublishesNothing) {
  stop_ = true;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kCancelled, testing::_));
  EXPECT_TRUE(std::filesystem::is_empty(config_.model_dir));
}

TEST_F(TrainingRunTest, StoppedBeforeTheTestItPublishesWithoutOne) {
  config_.test = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/test.csv";
  StopAt terminal("epoch 1/1  validation", &stop_);
  terminal_.std::ostream::rdbuf(&terminal);
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_TRUE(report.stopped);
  EXPECT_TRUE(report.test_skipped);
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, LoadCheckpoint(config_.model_dir));
  EXPECT_EQ(checkpoint.manifest.metrics().count("test_accuracy"), 0u);
  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(config_.model_dir + "/report.json"));
  EXPECT_EQ(nlohmann::json::parse(json)["test_skipped"], true);
}

TEST_F(TrainingRunTest, BadRowsStopIt) {
  const std::string good = "1,good,text\n2,good,text\n";
  config_.train = WriteRows("train.csv", good + "9,bad,label\n");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr(config_.train + ":3: label \"9\"")));
  config_.test = WriteRows("test.csv", good + "x\n");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(config_.train + ":3: label \"9\""),
                                                           HasSubstr(config_.test + ":3: 1 field"))));
  config_.train = WriteRows("train.csv", good);
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr(config_.test + ":3: 1 field")));
  EXPECT_TRUE(std::filesystem::is_empty(config_.model_dir));
}

TEST_F(TrainingRunTest, RowsThatAreEmptyWhenCleanedAreFoundBeforeTheTraining) {
  ASSERT_THAT(PublishTinyModel(dir_.File("start")), IsOk());
  config_.init_from = dir_.File("start");
  config_.network = {};
  config_.train = WriteRows("train.csv", "1,a,b\n2,c,d\n3,\\,\n");
  config_.test = WriteRows("test.csv", "1,a,b\n1, ,\n");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument,
                              AllOf(HasSubstr(config_.train + ":3: "), HasSubstr(config_.test + ":2: "))));
}

TEST_F(TrainingRunTest, AVocabularyThatTheTextsDoNotYieldIsRefused) {
  config_.network.vocab_size = 100000;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("--vocab_size: ")));
}

TEST_F(TrainingRunTest, AReleaseThatExistsIsNotTouched) {
  std::filesystem::create_directories(config_.model_dir + "/v1");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kAlreadyExists, HasSubstr("release v1 exists")));
}

TEST_F(TrainingRunTest, AnAbsentDeviceIsRefused) {
  config_.device = "cuda:99";
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("cuda:99")));
}

TEST_F(TrainingRunTest, WithoutANameTheReleaseHasTheTime) {
  config_.model_version = "";
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_THAT(report.version,
              testing::MatchesRegex("20[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]"));
}

}  // namespace
}  // namespace newsgenre
