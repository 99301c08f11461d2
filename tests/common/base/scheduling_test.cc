#include "common/base/scheduling.h"

#include <sched.h>

#include <thread>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(UseBatchSchedulingTest, AppliesToTheCallingThreadAndThreadsThatItStarts) {
  int own = -1, child = -1;
  std::thread([&] {
    UseBatchScheduling();
    own = sched_getscheduler(0);
    std::thread([&] { child = sched_getscheduler(0); }).join();
  }).join();
  EXPECT_EQ(own, SCHED_BATCH);
  EXPECT_EQ(child, SCHED_BATCH);
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

}  // namespace
}  // namespace newsgenre
