#include "server/classifier/batch_cost.h"

#include <string>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

struct Case {
  std::string name;
  std::vector<double> seconds;  // for 1, 2, 4, … texts of 50 tokens
  int64_t tokens;               // expected
};

TEST(BatchCostTest, ChoosesTheSmallestBatchNearTheBestThroughput) {
  const Case cases[] = {
      {"one measurement", {0.1}, 50},
      {"the first batch takes too long", {3.0, 6.0}, 50},
      {"throughput rises to the end", {0.010, 0.011, 0.012, 0.013, 0.014, 0.015}, 1600},
      {"throughput stops rising at 16 texts", {0.010, 0.015, 0.025, 0.045, 0.080, 0.159, 0.317}, 800},
      {"throughput rises by less than 3 % from 8 texts on",
       {0.010, 0.015, 0.025, 0.045, 0.0890, 0.1761, 0.3516},
       400},
      {"throughput falls after 16 texts", {0.010, 0.015, 0.025, 0.045, 0.080, 0.200, 0.500}, 800},
      {"throughput dips and rises again", {0.010, 0.015, 0.025, 0.045, 0.100, 0.120, 0.300}, 1600},
      {"throughput is flat: at least eight texts", {0.010, 0.020, 0.040, 0.080, 0.160}, 400},
      {"fewer than eight texts are fastest: still eight texts", {0.010, 0.015, 0.060, 0.150, 0.400}, 400},
      {"larger batches take more than a second", {0.2, 0.38, 0.70, 1.30, 2.40}, 200},
  };
  for (const Case& c : cases) {
    std::vector<BatchCost> curve;
    for (const double seconds : c.seconds) {
      const int64_t texts = int64_t{1} << curve.size();
      curve.push_back({texts, 50 * texts, seconds});
    }
    EXPECT_EQ(ChooseBatchLimits(curve).tokens, c.tokens) << c.name;
  }
}

TEST(BatchCostTest, AllowsMoreTextsIfTheyAreShort) {
  const BatchLimits limits = ChooseBatchLimits({{1, 64, 0.1}, {8, 512, 0.2}});
  EXPECT_EQ(limits.tokens, 512);
  EXPECT_EQ(limits.texts, 32);
  EXPECT_EQ(ChooseBatchLimits({{8, 40, 0.1}}).texts, 8);
}

TEST(BatchCostTest, ChoosesWorkersByTheModelsShareOfTheWork) {
  EXPECT_EQ(ChooseWorkers(/*cpus=*/2, /*threads=*/2, /*seconds_per_text=*/0.01), 1);
  EXPECT_EQ(ChooseWorkers(2, 1, 0.01), 2);
  EXPECT_EQ(ChooseWorkers(2, 1, kCallSeconds / 4), 1);
  EXPECT_EQ(ChooseWorkers(64, 1, kCallSeconds), 32);
  EXPECT_EQ(ChooseWorkers(64, 4, 1), 16);
  EXPECT_EQ(ChooseWorkers(1, 1, 1e-9), 1);
  // Several workers never have more threads than there are CPUs.
  EXPECT_EQ(ChooseWorkers(19, 4, 1), 4);
  EXPECT_EQ(ChooseWorkers(8, 3, 1), 2);
  EXPECT_EQ(ChooseWorkers(2, 4, 1), 1);
}

}  // namespace
}  // namespace newsgenre
