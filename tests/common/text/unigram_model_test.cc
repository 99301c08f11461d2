#include "common/text/unigram_model.h"

#include <string>
#include <vector>

#include "common/text/utf8.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int32_t kUnknown = 0;

using Pieces = std::vector<UnigramModel::Piece>;

const Pieces kSmall = {{"a", 1, -5},    {"b", 2, -5}, {"ab", 3, -4},
                       {"abc", 4, -30}, {"c", 5, -3}, {"é", 6, -2}};

UnigramModel Make(const Pieces& pieces) { return *UnigramModel::FromPieces(pieces, {kUnknown, -20}); }
UnigramModel SmallModel() { return Make(kSmall); }

std::vector<int32_t> Ids(const UnigramModel& model, const std::string& word) {
  std::vector<int32_t> ids;
  model.Encode(word, &ids);
  return ids;
}

TEST(UnigramModelTest, ReturnsTheSegmentationWithTheHighestSum) {
  const UnigramModel model = SmallModel();
  EXPECT_THAT(Ids(model, "ab"), ElementsAre(3));
  EXPECT_THAT(Ids(model, "abc"), ElementsAre(3, 5));
  EXPECT_THAT(Ids(model, "ba"), ElementsAre(2, 1));
  EXPECT_THAT(Ids(model, "éab"), ElementsAre(6, 3));
  EXPECT_THAT(Ids(model, ""), IsEmpty());
}

TEST(UnigramModelTest, MergesARunOfUnknownCharacters) {
  const UnigramModel model = SmallModel();
  EXPECT_THAT(Ids(model, "xyz"), ElementsAre(kUnknown));
  EXPECT_THAT(Ids(model, "漢字"), ElementsAre(kUnknown));
  EXPECT_THAT(Ids(model, "xay"), ElementsAre(kUnknown, 1, kUnknown));
}

TEST(UnigramModelTest, PrefersTheLongestLastPieceForEqualSums) {
  EXPECT_THAT(Ids(Make({{"x", 1, -2}, {"xx", 2, -3}}), "xxx"), ElementsAre(1, 2));
}

TEST(UnigramModelTest, AppendsToExistingIds) {
  std::vector<int32_t> ids = {7, 8};
  SmallModel().Encode("bc", &ids);
  EXPECT_THAT(ids, ElementsAre(7, 8, 2, 5));
}

TEST(UnigramModelTest, SplitsAWordThatIsAPieceIfThatScoresHigher) {
  const UnigramModel model = SmallModel();
  EXPECT_THAT(Ids(model, "é"), ElementsAre(6));
  EXPECT_THAT(Ids(model, "abc"), ElementsAre(3, 5));  // not 4
}

TEST(UnigramModelTest, FindsEveryPieceOfALargeVocabulary) {
  std::vector<std::string> texts;
  for (char32_t character = 1; character < 0x500; ++character) {
    texts.emplace_back("x");
    AppendUtf8(character, &texts.back());
  }
  Pieces pieces;
  for (const std::string& text : texts) pieces.push_back({text, static_cast<int32_t>(pieces.size()) + 1, -1});
  const UnigramModel model = Make(pieces);
  for (const UnigramModel::Piece& piece : pieces) {
    EXPECT_THAT(Ids(model, std::string(piece.text)), ElementsAre(piece.id));
    EXPECT_THAT(Ids(model, std::string(piece.text) + "xa"), ElementsAre(piece.id, pieces['a' - 1].id));
  }
}

TEST(UnigramModelTest, IgnoresPiecesThatAreNotUtf8) {
  EXPECT_THAT(Ids(Make({{"\xE2", 1, -1}, {"a\xF0", 2, -1}, {"a", 3, -1}}), "a"), ElementsAre(3));
}

TEST(UnigramModelTest, RefusesAnEmptyOrDuplicatePiece) {
  for (const char* text : {"", "ab"}) {
    Pieces pieces = kSmall;
    pieces.push_back({text, 7, -1});
    EXPECT_THAT(
        UnigramModel::FromPieces(pieces, {kUnknown, -20}),
        StatusIs(absl::StatusCode::kInvalidArgument, "piece 7 of the vocabulary is empty or a duplicate"));
  }
}

}  // namespace
}  // namespace newsgenre
