#include "common/text/html_entities.h"

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(HtmlEntitiesTest, DecodesNamedEntities) {
  EXPECT_EQ(NamedEntity("amp"), U'&');
  EXPECT_EQ(NamedEntity("QUOT"), U'"');
  EXPECT_EQ(NamedEntity("hellip"), U'…');
  EXPECT_EQ(NamedEntity("Ntilde"), U'Ñ');
  EXPECT_EQ(NamedEntity("ntilde"), U'ñ');
  EXPECT_EQ(NamedEntity("NBSP"), 0u);
  EXPECT_EQ(NamedEntity(""), 0u);
}

TEST(HtmlEntitiesTest, DistinguishesEnglishWordsFromOtherNames) {
  EXPECT_TRUE(IsEnglishWord("cent"));
  EXPECT_FALSE(IsEnglishWord("quot"));
}

TEST(HtmlEntitiesTest, DecodesNumericEntitiesAsBrowsersDo) {
  EXPECT_EQ(NumericEntity(39), U'\'');
  EXPECT_EQ(NumericEntity(0x80), U'€');
  EXPECT_EQ(NumericEntity(0x81), 0x81u);
  EXPECT_EQ(NumericEntity(151), U'—');
  EXPECT_EQ(NumericEntity(0x9F), U'Ÿ');
  EXPECT_EQ(NumericEntity(0xA0), 0xA0u);
  EXPECT_EQ(NumericEntity(0x10FFFF), 0x10FFFFu);
  for (const uint32_t none : {0u, 0xD800u, 0xDFFFu, 0x110000u}) {
    EXPECT_EQ(NumericEntity(none), 0xFFFDu);
  }
}

}  // namespace
}  // namespace newsgenre
