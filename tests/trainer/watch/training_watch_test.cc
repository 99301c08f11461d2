#include "trainer/watch/training_watch.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/file.h"
#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/http_get.h"
#include "tests/support/metrics_text.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TrainingWatchTest : public testing::Test {
 protected:
  TrainingWatchTest() { SetLogStream(&log_); }
  ~TrainingWatchTest() override { SetLogStream(nullptr); }

  absl::StatusOr<std::unique_ptr<TrainingWatch>> Start(const std::string& address) const {
    TrainingInfo info;
    info.version = "v7";
    info.device = "cpu";
    info.precision = "fp32";
    info.epochs = 3;
    info.steps = 300;
    return TrainingWatch::Start(folder_, address, info);
  }
  // Returns the contents of the event file.
  std::string Bytes() const { return *ReadFile(fs::directory_iterator(folder_)->path()); }

  const TempDir dir_;
  const std::string folder_ = dir_.File("deep/v7");
  std::stringstream log_;
};

TEST_F(TrainingWatchTest, EndpointShowsProgress) {
  ASSERT_OK_AND_ASSIGN(const auto watch, Start("127.0.0.1:0"));
  EXPECT_GT(watch->port(), 0);
  std::string metrics = HttpGet(watch->port(), "/metrics");
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_steps"), 300);
  EXPECT_TRUE(std::isnan(SeriesValue(metrics, "newsgenre_training_loss")));
  ProgressState state;
  state.epoch = 2;
  state.step = 150;
  state.loss = 0.25;
  state.accuracy = 0.875;
  state.learning_rate = 0.0625;
  state.texts_per_second = 812;
  state.tokens_per_second = 40000;
  state.seconds_left = 751;
  watch->OnProgress(state);
  metrics = HttpGet(watch->port(), "/metrics");
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_epoch"), 2);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_step"), 150);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_loss"), 0.25);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_accuracy"), 0.875);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_learning_rate"), 0.0625);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_texts_per_second"), 812);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_tokens_per_second"), 40000);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_training_seconds_left"), 751);

  EpochResult epoch;
  epoch.validation.confusion = {{3, 1}, {0, 4}};
  epoch.validation.loss = 0.5;
  watch->OnEpoch(150, epoch);
  metrics = HttpGet(watch->port(), "/metrics");
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_validation_loss"), 0.5);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_validation_accuracy"), 0.875);
}

TEST_F(TrainingWatchTest, WritesEventsImmediately) {
  ASSERT_OK_AND_ASSIGN(const auto watch, Start(""));
  EXPECT_EQ(watch->port(), 0);
  const std::string empty = Bytes();
  watch->OnSteps({{1, 0.01, 1.5}, {2, 0.02, 1.25}});
  const std::string steps = Bytes();
  EXPECT_GT(steps.size(), empty.size());
  EXPECT_THAT(steps,
              AllOf(HasSubstr("train/loss"), HasSubstr("train/learning_rate"), Not(HasSubstr("epoch"))));
  watch->OnSteps({});
  EXPECT_EQ(Bytes(), steps);
  watch->OnEpoch(2, {});
  EXPECT_THAT(Bytes(), AllOf(HasSubstr("train/epoch_loss"), HasSubstr("train/epoch_accuracy"),
                             HasSubstr("validation/loss"), HasSubstr("validation/accuracy")));
}

TEST_F(TrainingWatchTest, LogsAFailedWriteOnce) {
  ASSERT_OK_AND_ASSIGN(const auto watch, Start(""));
  const std::string before = Bytes();
  {
    const FileSizeLimit limit(before.size() + 10);
    watch->OnSteps({{1, 0.01, 1.5}, {2, 0.02, 1.25}});
  }
  watch->OnEpoch(2, {});
  EXPECT_EQ(Bytes(), before);
  EXPECT_THAT(log_.str(),
              AllOf(HasSubstr("stopped writing events for TensorBoard"), HasSubstr("File too large")));
  const std::string log = log_.str();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
}

TEST_F(TrainingWatchTest, RefusesAFolderThatCannotExist) {
  std::ofstream(dir_.File("deep")) << "text";
  EXPECT_FALSE(Start("").ok());
  EXPECT_THAT(std::string(Start("").status().message()), HasSubstr("can't make the folder " + folder_));
}

TEST_F(TrainingWatchTest, RefusesAnInvalidAddress) {
  EXPECT_THAT(Start("nonsense"), StatusIs(StatusCode::kUnavailable, HasSubstr("nonsense")));
}

}  // namespace
}  // namespace newsgenre
