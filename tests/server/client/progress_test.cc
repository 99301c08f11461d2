#include "server/client/progress.h"

#include <sstream>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(RenderProgressTest, ShowsHowFarAndHowFast) {
  EXPECT_EQ(RenderProgress(50, 100, 2.0), "[███████████████               ] 50 of 100 texts, 25 a second");
  EXPECT_EQ(RenderProgress(0, 100, 0.0), "[                              ] 0 of 100 texts");
  EXPECT_EQ(RenderProgress(0, 0, 0.0), "[██████████████████████████████] 0 of 0 texts");
}

TEST(ProgressBarTest, EndsItsLineWithTheLastText) {
  std::ostringstream out;
  ProgressBar bar(&out, 2);
  bar.Advance();
  EXPECT_THAT(out.str(), HasSubstr("\r["));
  bar.Advance();
  EXPECT_THAT(out.str(), HasSubstr("2 of 2 texts"));
  EXPECT_THAT(out.str(), EndsWith("\n"));
}

TEST(ProgressBarTest, DrawsSeldom) {
  std::ostringstream out;
  ProgressBar bar(&out, 1000000);
  for (int i = 0; i < 100; ++i) bar.Advance();
  EXPECT_LT(out.str().size(), 100 * RenderProgress(1, 1000000, 1).size());
}

TEST(ProgressBarTest, DrawsNothingWhereNoTerminalIs) {
  ProgressBar bar(nullptr, 1);
  bar.Advance();
}

}  // namespace
}  // namespace newsgenre
