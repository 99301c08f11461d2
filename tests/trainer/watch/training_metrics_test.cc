#include "trainer/watch/training_metrics.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/metrics_text.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

class TrainingMetricsTest : public testing::Test {
 protected:
  std::string Scrape() const { return MetricsText(metrics_.collectables()); }
  double Series(const std::string& series) const { return SeriesValue(Scrape(), series); }

  static TrainingInfo Info() {
    TrainingInfo info;
    info.version = "20260102-030405";
    info.device = "cpu";
    info.precision = "fp32";
    info.epochs = 3;
    info.steps = 300;
    return info;
  }

  TrainingMetrics metrics_{Info()};
};

TEST_F(TrainingMetricsTest, EverySeriesExistsBeforeTheFirstStep) {
  const std::string text = Scrape();
  EXPECT_THAT(SeriesNames(text),
              testing::UnorderedElementsAre(
                  "newsgenre_training_accuracy", "newsgenre_training_epoch", "newsgenre_training_epochs",
                  "newsgenre_training_info{device=\"cpu\",precision=\"fp32\",version=\"20260102-030405\"}",
                  "newsgenre_training_learning_rate", "newsgenre_training_loss",
                  "newsgenre_training_seconds_left", "newsgenre_training_step", "newsgenre_training_steps",
                  "newsgenre_training_texts_per_second", "newsgenre_training_tokens_per_second",
                  "newsgenre_validation_accuracy", "newsgenre_validation_loss"));
  EXPECT_THAT(text, HasSubstr("\nnewsgenre_training_loss Nan\n"));
  EXPECT_EQ(Series("newsgenre_training_epoch"), 0);
  EXPECT_EQ(Series("newsgenre_training_epochs"), 3);
  EXPECT_EQ(Series("newsgenre_training_step"), 0);
  EXPECT_EQ(Series("newsgenre_training_steps"), 300);
  EXPECT_GT(Series("process_resident_memory_bytes"), 0);
}

TEST_F(TrainingMetricsTest, ShowsTheProgress) {
  ProgressState point;
  point.epoch = 2;
  point.step = 150;
  point.loss = 0.25;
  point.accuracy = 0.875;
  point.learning_rate = 0.0625;
  point.texts_per_second = 812;
  point.tokens_per_second = 40000;
  point.seconds_left = 751;
  metrics_.Update(point);
  EXPECT_EQ(Series("newsgenre_training_epoch"), 2);
  EXPECT_EQ(Series("newsgenre_training_step"), 150);
  EXPECT_EQ(Series("newsgenre_training_loss"), 0.25);
  EXPECT_EQ(Series("newsgenre_training_accuracy"), 0.875);
  EXPECT_EQ(Series("newsgenre_training_learning_rate"), 0.0625);
  EXPECT_EQ(Series("newsgenre_training_texts_per_second"), 812);
  EXPECT_EQ(Series("newsgenre_training_tokens_per_second"), 40000);
  EXPECT_EQ(Series("newsgenre_training_seconds_left"), 751);
  EXPECT_THAT(Scrape(), HasSubstr("\nnewsgenre_validation_loss Nan\n"));
}

TEST_F(TrainingMetricsTest, ShowsTheLastValidation) {
  metrics_.UpdateValidation({/*loss=*/0.5, /*accuracy=*/0.75});
  metrics_.UpdateValidation({/*loss=*/0.25, /*accuracy=*/0.875});
  EXPECT_EQ(Series("newsgenre_validation_loss"), 0.25);
  EXPECT_EQ(Series("newsgenre_validation_accuracy"), 0.875);
}

// Checks names, units and help texts with Prometheus's own tool.
TEST_F(TrainingMetricsTest, PromtoolReportsNoError) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  const TempDir dir;
  std::ofstream(dir.File("metrics")) << Scrape();
  EXPECT_EQ(std::system(("promtool check metrics < " + dir.File("metrics")).c_str()), 0);
}

}  // namespace
}  // namespace newsgenre
