#include "common/base/shutdown_signal.h"

#include <unistd.h>

#include <csignal>
#include <future>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(ShutdownSignalTest, TellsTheSignal) {
  std::promise<int> received;
  const ShutdownSignal signal([&](int number) { received.set_value(number); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(received.get_future().get(), SIGTERM);
}

TEST(ShutdownSignalTest, EndsWithoutASignal) {
  bool called = false;
  { const ShutdownSignal signal([&](int) { called = true; }); }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace newsgenre
