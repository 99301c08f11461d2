#include "trainer/token_dropout.h"

#include <algorithm>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

TEST(DropTokensTest, TheRateIsTheFraction) {
  Encoding text;
  text.ids.assign(10002, 77);
  Random random(1);
  const Encoding result = DropTokens(text, 0.3, &random);
  ASSERT_EQ(result.ids.size(), text.ids.size());
  const auto masked = std::count(result.ids.begin(), result.ids.end(), Tokenizer::kMask);
  EXPECT_NEAR(static_cast<double>(masked), 3000, 200);
  EXPECT_EQ(std::count(result.ids.begin(), result.ids.end(), 77), 10002 - masked);
}

TEST(DropTokensTest, TheEndsStay) {
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const Encoding result = DropTokens({{Tokenizer::kCls, 9, Tokenizer::kSep}, true}, 0.99, &random);
    EXPECT_EQ(result.ids.front(), Tokenizer::kCls);
    EXPECT_EQ(result.ids.back(), Tokenizer::kSep);
    EXPECT_TRUE(result.truncated);
  }
}

TEST(DropTokensTest, EachTimeOthers) {
  Encoding text;
  text.ids.assign(100, 77);
  Random random(1);
  EXPECT_NE(DropTokens(text, 0.5, &random).ids, DropTokens(text, 0.5, &random).ids);
}

TEST(DropTokensTest, NothingAtRateZero) {
  Random random(1);
  EXPECT_THAT(DropTokens({{2, 7, 8, 9, 3}, false}, 0, &random).ids, ElementsAre(2, 7, 8, 9, 3));
}

}  // namespace
}  // namespace newsgenre
