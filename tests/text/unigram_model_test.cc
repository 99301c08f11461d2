#include "common/text/unigram_model.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int32_t kUnknown = 0;

UnigramModel SmallModel() {
  UnigramModel model(kUnknown, -20);
  model.Add("a", 1, -5);
  model.Add("b", 2, -5);
  model.Add("ab", 3, -4);
  model.Add("abc", 4, -30);
  model.Add("c", 5, -3);
  model.Add("é", 6, -2);
  return model;
}

std::vector<int32_t> Ids(const UnigramModel& model, const std::string& word) {
  std::vector<int32_t> ids;
  model.Encode(word, &ids);
  return ids;
}

TEST(UnigramModelTest, TakesTheHighestSum) {
  const UnigramModel model = SmallModel();
  EXPECT_THAT(Ids(model, "ab"), ElementsAre(3));
  EXPECT_THAT(Ids(model, "abc"), ElementsAre(3, 5));
  EXPECT_THAT(Ids(model, "ba"), ElementsAre(2, 1));
  EXPECT_THAT(Ids(model, "éab"), ElementsAre(6, 3));
  EXPECT_THAT(Ids(model, ""), IsEmpty());
}

TEST(UnigramModelTest, JoinsUnknownCharactersInARow) {
  const UnigramModel model = SmallModel();
  EXPECT_THAT(Ids(model, "xyz"), ElementsAre(kUnknown));
  EXPECT_THAT(Ids(model, "漢字"), ElementsAre(kUnknown));
  EXPECT_THAT(Ids(model, "xay"), ElementsAre(kUnknown, 1, kUnknown));
}

TEST(UnigramModelTest, OfEqualSumsTakesTheLastPieceThatBeginsFirst) {
  UnigramModel model(kUnknown, -20);
  model.Add("x", 1, -2);
  model.Add("xx", 2, -3);
  EXPECT_THAT(Ids(model, "xxx"), ElementsAre(1, 2));
}

TEST(UnigramModelTest, AppendsToWhatIsThere) {
  std::vector<int32_t> ids = {7, 8};
  SmallModel().Encode("bc", &ids);
  EXPECT_THAT(ids, ElementsAre(7, 8, 2, 5));
}

TEST(UnigramModelTest, RefusesAnEmptyAndARepeatedPiece) {
  UnigramModel model = SmallModel();
  EXPECT_FALSE(model.Add("", 7, -1));
  EXPECT_FALSE(model.Add("ab", 7, -1));
  EXPECT_TRUE(model.Add("abcd", 7, -1));
}

}  // namespace
}  // namespace newsgenre
