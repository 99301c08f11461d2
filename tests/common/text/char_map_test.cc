#include "common/text/char_map.h"

#include <optional>
#include <random>
#include <string>

#include "common/base/file.h"
#include "common/text/spiece.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using ::testing::HasSubstr;

std::string TinyModelCharsmap() {
  spiece::Model model;
  model.ParseFromString(*ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/tiny.spiece.model"));
  return model.normalizer_spec().precompiled_charsmap();
}

TEST(CharMapTest, FindsTheReplacementsOfNmtNfkc) {
  ASSERT_OK_AND_ASSIGN(const CharMap map, CharMap::FromBytes(TinyModelCharsmap()));
  EXPECT_EQ(map.Find("\t"), " ");
  EXPECT_EQ(map.Find("\u200b"), " ");
  EXPECT_EQ(map.Find("\x01"), "");
  EXPECT_EQ(map.Find("²"), "2");
  EXPECT_EQ(map.Find("㍿"), "株式会社");
  EXPECT_EQ(map.Find("a"), std::nullopt);
  EXPECT_EQ(map.Find("漢"), std::nullopt);
  EXPECT_EQ(map.Find(""), std::nullopt);
  EXPECT_EQ(map.Find(std::string(1, '\0')), std::nullopt);
}

TEST(CharMapTest, HasNoReplacementsForEmptyBytes) {
  ASSERT_OK_AND_ASSIGN(const CharMap map, CharMap::FromBytes(""));
  EXPECT_EQ(map.Find("²"), std::nullopt);
}

TEST(CharMapTest, RefusesMismatchedSizes) {
  using std::string_literals::operator""s;
  for (const std::string& bytes :
       {"abc"s, "\0\0\0\0"s, "\4\0\0\0abc"s, "\3\0\0\0abcd"s, "\xff\xff\xff\xff"s}) {
    EXPECT_THAT(CharMap::FromBytes(bytes),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("charsmap")));
  }
}

TEST(CharMapTest, RefusesReplacementsThatAreNotUtf8) {
  using std::string_literals::operator""s;
  const std::string charsmap = TinyModelCharsmap();
  EXPECT_THAT(CharMap::FromBytes(charsmap + "\u00e9\0\U0001f600\0"s), IsOk());
  for (const std::string& replacement : {"\xF0\0"s, "\xF0"s, "\x80\0"s, "\xED\xA0\x80\0"s, "\xC0\x80"s}) {
    EXPECT_THAT(CharMap::FromBytes(charsmap + replacement),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not valid UTF-8")));
  }
}

TEST(CharMapTest, StaysInBoundsForACorruptTrie) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string bytes = std::string("\x40\0\0\0", 4);
    for (int i = 0; i < 64; ++i) {
      bytes += static_cast<char>(random());
    }
    bytes += "replacements";
    ASSERT_OK_AND_ASSIGN(const CharMap map, CharMap::FromBytes(bytes));
    for (int byte = 0; byte < 256; ++byte) {
      EXPECT_LE(map.Find(std::string(1, static_cast<char>(byte))).value_or("").size(), bytes.size());
    }
  }
}

}  // namespace
}  // namespace newsgenre
