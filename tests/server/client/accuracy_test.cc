#include "server/client/accuracy.h"

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(AccuracyTallyTest, IsSilentWithoutLabels) { EXPECT_EQ(AccuracyTally().Summary(), ""); }

TEST(AccuracyTallyTest, CountsWhatIsRight) {
  AccuracyTally tally;
  tally.Add("World", "World");
  tally.Add("World", "Sports");
  tally.Add("Sports", "Sports");
  EXPECT_EQ(tally.total(), 3);
  EXPECT_EQ(tally.right(), 2);
  EXPECT_EQ(tally.Summary(), "accuracy 66.67 % (2 of 3 texts with a label)");
}

}  // namespace
}  // namespace newsgenre
