#include "common/base/shutdown_signal.h"

#include <unistd.h>

#include <csignal>
#include <future>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(ShutdownSignalTest, PassesTheSignalNumber) {
  std::promise<int> received;
  const ShutdownSignal signal([&](int number) { received.set_value(number); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(received.get_future().get(), SIGTERM);
}

TEST(ShutdownSignalTest, CanBeDestroyedWithoutASignal) {
  bool called = false;
  {
    const ShutdownSignal signal([&](int) { called = true; });
  }
  EXPECT_FALSE(called);
}

// Runs in a separate process.
TEST(ShutdownSignalDeathTest, ASecondSignalEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        std::promise<void> first;
        const ShutdownSignal signal([&](int) { first.set_value(); });
        kill(getpid(), SIGTERM);
        first.get_future().wait();
        kill(getpid(), SIGINT);
        std::promise<void>().get_future().wait();
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace newsgenre
