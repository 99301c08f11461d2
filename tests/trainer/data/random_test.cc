#include "trainer/data/random.h"

#include <map>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(RandomTest, ReturnsTheValuesOfTheReference) {
  // The reference implementation's first two values for seed 1234567 (prng.di.unimi.it/splitmix64.c).
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
}

TEST(RandomTest, ShufflesIntoEveryOrderEquallyOften) {
  Random random(1);
  std::map<std::vector<int>, int> counts;
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> items = {1, 2, 3};
    random.Shuffle(&items);
    ++counts[items];
  }
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace newsgenre
