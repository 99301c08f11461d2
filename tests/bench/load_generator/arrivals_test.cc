#include "tests/bench/load_generator/arrivals.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(PoissonArrivalsTest, AreAscendingAndBeforeTheEnd) {
  const std::vector<double> times = PoissonArrivals(1000, 2, 1);
  ASSERT_FALSE(times.empty());
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_GT(times.front(), 0);
  EXPECT_LT(times.back(), 2);
}

TEST(PoissonArrivalsTest, HaveTheRate) {
  const double expected = 50 * 2000;
  const double deviation = std::sqrt(expected);
  EXPECT_NEAR(static_cast<double>(PoissonArrivals(50, 2000, 7).size()), expected, 4 * deviation);
}

TEST(PoissonArrivalsTest, HaveExponentialGaps) {
  const std::vector<double> times = PoissonArrivals(10, 10000, 3);
  std::vector<double> gaps;
  for (size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  std::sort(gaps.begin(), gaps.end());
  // Kolmogorov-Smirnov distance from the distribution function. One sample in a thousand exceeds
  // 1.95 / sqrt(n).
  double distance = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    const double empirical = static_cast<double>(i) / static_cast<double>(gaps.size());
    distance = std::max(distance, std::abs(empirical - (1 - std::exp(-10 * gaps[i]))));
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(static_cast<double>(gaps.size())));
}

TEST(PoissonArrivalsTest, DependOnTheSeedOnly) {
  EXPECT_EQ(PoissonArrivals(100, 1, 5), PoissonArrivals(100, 1, 5));
  EXPECT_NE(PoissonArrivals(100, 1, 5), PoissonArrivals(100, 1, 6));
}

TEST(PoissonArrivalsTest, AreEmptyForNoRateOrNoTime) {
  EXPECT_TRUE(PoissonArrivals(0, 10, 1).empty());
  EXPECT_TRUE(PoissonArrivals(10, 0, 1).empty());
}

}  // namespace
}  // namespace newsgenre
