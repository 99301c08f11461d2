#include "trainer/watch/progress.h"

#include <sstream>

#include "common/base/json_log.h"
#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;

ProgressState SomeState() {
  ProgressState state;
  state.epoch = 1;
  state.epochs = 2;
  state.step = 120;
  state.steps = 3400;
  state.loss = 0.43124;
  state.accuracy = 0.8412;
  state.texts_per_second = 812.3;
  state.seconds_left = 751.2;
  return state;
}

EpochResult SomeEpoch() {
  EpochResult epoch;
  epoch.epoch = 1;
  epoch.validation.confusion = {{3, 1}, {0, 4}};
  epoch.validation.loss = 0.5;
  epoch.training_article_loss = 0.012345;
  epoch.validation_article_loss = 0.0078125;
  epoch.seconds = 12.4;
  return epoch;
}

class JsonProgressTest : public testing::Test {
 protected:
  JsonProgressTest() { SetLogStream(&log_); }
  ~JsonProgressTest() override { SetLogStream(nullptr); }
  nlohmann::json LogLine() const { return nlohmann::json::parse(log_.str()); }

  std::stringstream log_;
  Progress progress_{nullptr};
};

TEST(ProgressLineTest, ContainsEveryValue) {
  EXPECT_EQ(ProgressLine(SomeState()),
            "epoch 1/2  step 120/3400  loss 0.4312  accuracy 84.1 %  812 texts/s  12:31 left");
}

TEST(ProgressTest, OverwritesTheTerminalLine) {
  std::stringstream terminal;
  Progress progress(&terminal);
  progress.Show(SomeState(), Progress::Clock::now());
  EXPECT_EQ(terminal.str(), "\r\x1b[K" + ProgressLine(SomeState()));
  progress.EpochDone(SomeEpoch(), 2);
  EXPECT_THAT(terminal.str(),
              EndsWith("left\r\x1b[Kepoch 1/2  validation accuracy 87.50 % (7 of 8), loss 0.5000  (computed "
                       "as in the article: training loss 0.01235, validation loss 0.00781)  12 s\n"));
}

TEST(ProgressTest, LogsToATerminal) {
  std::stringstream terminal;
  Progress progress(&terminal);
  progress.Log("device", {{"taken", "cpu"}, {"threads", 2}});
  EXPECT_EQ(terminal.str(), "\r\x1b[Kdevice  taken cpu  threads 2\n");
}

TEST(ProgressTest, ErrorOverwritesTheLine) {
  std::stringstream terminal;
  Progress progress(&terminal);
  progress.Show(SomeState(), Progress::Clock::now());
  progress.Error("no rows");
  EXPECT_THAT(terminal.str(), EndsWith("left\r\x1b[Knewsgenre_trainer: no rows\n"));
}

TEST(ProgressTest, IsDueAgainAfter200Milliseconds) {
  std::stringstream terminal;
  Progress progress(&terminal);
  const Progress::Clock::time_point now = Progress::Clock::now();
  progress.Show(SomeState(), now);
  EXPECT_FALSE(progress.Due(now + milliseconds(199)));
  EXPECT_TRUE(progress.Due(now + milliseconds(200)));
}

TEST(ProgressTest, UpdateCountShowsWhenDue) {
  std::stringstream terminal;
  Progress progress(&terminal);
  progress.Show(SomeState(), Progress::Clock::now() - seconds(1));
  progress.UpdateCount("rows classified", 64, 7600);
  EXPECT_THAT(terminal.str(), EndsWith("left\r\x1b[Krows classified  64/7600"));
  progress.Show(SomeState(), Progress::Clock::now() + seconds(1000));
  progress.UpdateCount("rows classified", 128, 7600);
  EXPECT_THAT(terminal.str(), EndsWith("left"));
}

TEST_F(JsonProgressTest, UpdateCountShowsWhenDue) {
  progress_.UpdateCount("rows classified", 64, 7600);
  EXPECT_EQ(log_.str(), "");
  progress_.Show(SomeState(), Progress::Clock::now() - seconds(10));
  log_.str("");
  progress_.UpdateCount("rows classified", 128, 7600);
  EXPECT_EQ(LogLine()["message"], "rows classified");
  EXPECT_EQ(LogLine()["done"], 128);
  EXPECT_EQ(LogLine()["all"], 7600);
}

TEST_F(JsonProgressTest, LogsMessagesAsObjects) {
  progress_.Log("device", {{"taken", "cpu"}, {"threads", 2}});
  EXPECT_EQ(LogLine()["message"], "device");
  EXPECT_EQ(LogLine()["threads"], 2);
}

TEST_F(JsonProgressTest, LogsStepsAsObjects) {
  progress_.Show(SomeState(), Progress::Clock::now());
  const nlohmann::json line = LogLine();
  EXPECT_EQ(line["message"], "training");
  EXPECT_EQ(line["step"], 120);
  EXPECT_EQ(line["loss"], 0.43124);
}

TEST_F(JsonProgressTest, LogsEpochsAsObjects) {
  progress_.EpochDone(SomeEpoch(), 2);
  EXPECT_EQ(LogLine()["message"], "epoch done");
  EXPECT_EQ(LogLine()["validation_accuracy"], 0.875);
  EXPECT_EQ(LogLine()["validation_correct"], 7);
  EXPECT_EQ(LogLine()["article_training_loss"], 0.012345);
  EXPECT_EQ(LogLine()["article_validation_loss"], 0.0078125);
}

TEST_F(JsonProgressTest, LogsErrorsAsObjects) {
  progress_.Error("2 bad rows\nx.csv:1: no text");
  EXPECT_EQ(LogLine()["severity"], "ERROR");
  EXPECT_EQ(LogLine()["message"], "2 bad rows\nx.csv:1: no text");
}

TEST_F(JsonProgressTest, IsDueAgainAfterTenSeconds) {
  const Progress::Clock::time_point now = Progress::Clock::now();
  progress_.Show(SomeState(), now);
  EXPECT_FALSE(progress_.Due(now + seconds(9)));
  EXPECT_TRUE(progress_.Due(now + seconds(10)));
}

}  // namespace
}  // namespace newsgenre
