#include "trainer/network/lr_schedule.h"

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(LrScheduleTest, WarmsUpAndDecays) {
  const LrSchedule schedule{2.0, 0.2, 10};
  const double rates[] = {1.0, 2.0, 2.0, 1.75, 1.5, 1.25, 1.0, 0.75, 0.5, 0.25};
  for (int step = 0; step < 10; ++step) EXPECT_DOUBLE_EQ(schedule.LearningRate(step), rates[step]) << step;
}

TEST(LrScheduleTest, StartsAtThePeakWithoutWarmup) {
  const LrSchedule schedule{1.0, 0, 4};
  EXPECT_DOUBLE_EQ(schedule.LearningRate(0), 1.0);
  EXPECT_DOUBLE_EQ(schedule.LearningRate(3), 0.25);
}

TEST(LrScheduleTest, WarmsUpOverAllSteps) {
  const LrSchedule schedule{1.0, 1.0, 4};
  EXPECT_DOUBLE_EQ(schedule.LearningRate(0), 0.25);
  EXPECT_DOUBLE_EQ(schedule.LearningRate(3), 1.0);
}

TEST(LrScheduleTest, StaysAtThePeakWithoutDecay) {
  const LrSchedule schedule{2.0, 0.2, 10, /*decays=*/false};
  const double rates[] = {1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0};
  for (int step = 0; step < 10; ++step) EXPECT_DOUBLE_EQ(schedule.LearningRate(step), rates[step]) << step;
}

TEST(LrScheduleTest, SingleStepHasThePeakRate) {
  EXPECT_DOUBLE_EQ((LrSchedule{3.0, 0.1, 1}.LearningRate(0)), 3.0);
}

}  // namespace
}  // namespace newsgenre
