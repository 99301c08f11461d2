#include "server/client/bar.h"

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(BarTest, IsDrawnInEighths) {
  EXPECT_EQ(Bar(0.0, 4), "");
  EXPECT_EQ(Bar(1.0, 4), "████");
  EXPECT_EQ(Bar(0.5, 4), "██");
  EXPECT_EQ(Bar(0.5, 1), "▌");
  EXPECT_EQ(Bar(9.0 / 32, 4), "█▏");
  EXPECT_EQ(Bar(31.0 / 32, 4), "███▉");
}

TEST(BarTest, StaysInItsWidth) {
  EXPECT_EQ(Bar(-0.5, 4), "");
  EXPECT_EQ(Bar(1.5, 4), "████");
}

TEST(ColumnsTest, CountsCodePoints) {
  EXPECT_EQ(Columns(""), 0u);
  EXPECT_EQ(Columns("Sports"), 6u);
  EXPECT_EQ(Columns("Économie"), 8u);
  EXPECT_EQ(Columns("█▏"), 2u);
}

TEST(PadToTest, FillsWithSpaces) {
  EXPECT_EQ(PadTo("é", 3), "é  ");
  EXPECT_EQ(PadTo("abc", 3), "abc");
  EXPECT_EQ(PadTo("abcd", 3), "abcd");
}

TEST(ShortenTest, CutsBetweenCodePoints) {
  EXPECT_EQ(Shorten("éèê", 3), "éèê");
  EXPECT_EQ(Shorten("éèêë", 3), "éè…");
  EXPECT_EQ(Shorten("", 3), "");
}

TEST(ShortenTest, LetsNoControlCharacterThrough) { EXPECT_EQ(Shorten("a\nb\x1b[2J\x7f", 20), "a b [2J "); }

}  // namespace
}  // namespace newsgenre
