#include "server/client/ordered_writer.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(OrderedWriterTest, HoldsBackWhatComesEarly) {
  std::ostringstream out;
  OrderedWriter writer(&out);
  writer.Write(2, "c");
  writer.Write(1, "b");
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(writer.held(), 2u);
  writer.Write(0, "a");
  EXPECT_EQ(out.str(), "abc");
  EXPECT_EQ(writer.held(), 0u);
  writer.Write(3, "d");
  EXPECT_EQ(out.str(), "abcd");
}

TEST(OrderedWriterTest, AnyOrderGivesTheSameOutput) {
  std::vector<size_t> order(100);
  std::iota(order.begin(), order.end(), 0);
  std::string expected;
  for (const size_t i : order) expected += std::to_string(i) + "\n";
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    std::ostringstream out;
    OrderedWriter writer(&out);
    for (const size_t i : order) writer.Write(i, std::to_string(i) + "\n");
    EXPECT_EQ(out.str(), expected);
  }
}

}  // namespace
}  // namespace newsgenre
