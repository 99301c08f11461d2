#include "trainer/pretraining/masking.h"

#include <algorithm>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::Lt;

// A thousand pieces; words begin with those from 500 on.
MaskingVocabulary Vocabulary() {
  MaskingVocabulary vocabulary{1000, std::vector<bool>(1000, false)};
  std::fill(vocabulary.begins_word.begin() + 500, vocabulary.begins_word.end(), true);
  return vocabulary;
}

// Of words of one to three pieces.
std::vector<int32_t> RandomIds(size_t words, Random* random) {
  std::vector<int32_t> ids = {Tokenizer::kCls};
  for (size_t word = 0; word < words; ++word) {
    ids.push_back(500 + static_cast<int32_t>(random->Below(500)));
    for (uint64_t more = random->Below(3); more > 0; --more) {
      ids.push_back(5 + static_cast<int32_t>(random->Below(495)));
    }
  }
  ids.push_back(Tokenizer::kSep);
  return ids;
}

TEST(HideWordsTest, LabelsAreWhatStoodThereAndAllElseStays) {
  Random random(1);
  for (size_t words = 1; words < 60; ++words) {
    const std::vector<int32_t> ids = RandomIds(words, &random);
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    ASSERT_EQ(masked.places.size(), masked.labels.size());
    EXPECT_TRUE(std::is_sorted(masked.places.begin(), masked.places.end()));
    EXPECT_GE(masked.places.front(), 1);
    EXPECT_LT(masked.places.back(), static_cast<int64_t>(ids.size()) - 1);
    std::vector<int32_t> restored = masked.text.ids;
    for (size_t i = 0; i < masked.places.size(); ++i) restored[masked.places[i]] = masked.labels[i];
    EXPECT_EQ(restored, ids);
  }
}

TEST(HideWordsTest, HidesWholeWords) {
  Random random(2);
  const MaskingVocabulary vocabulary = Vocabulary();
  for (int text = 0; text < 200; ++text) {
    const std::vector<int32_t> ids = RandomIds(40, &random);
    const MaskedText masked = MaskWords(ids, vocabulary, &random);
    std::vector<bool> told(ids.size(), false);
    for (const int64_t place : masked.places) told[place] = true;
    for (size_t place = 2; place + 1 < ids.size(); ++place) {
      if (vocabulary.begins_word[ids[place]]) continue;
      EXPECT_EQ(told[place], told[place - 1]);
    }
  }
}

// Of many texts: how many tokens, and what becomes of them.
TEST(HideWordsTest, SharesAreThoseOfThePapers) {
  Random random(3);
  double tokens = 0, told = 0, hidden = 0, replaced = 0, kept = 0;
  for (int text = 0; text < 4000; ++text) {
    std::vector<int32_t> ids(102, 0);
    for (int32_t& id : ids) id = 500 + static_cast<int32_t>(random.Below(500));
    ids.front() = Tokenizer::kCls;
    ids.back() = Tokenizer::kSep;
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    tokens += 100;
    told += static_cast<double>(masked.places.size());
    EXPECT_EQ(masked.places.size(), 15u);
    for (size_t i = 0; i < masked.places.size(); ++i) {
      const int32_t now = masked.text.ids[masked.places[i]];
      if (now == Tokenizer::kMask) {
        ++hidden;
      } else if (now == masked.labels[i]) {
        ++kept;
      } else {
        ++replaced;
        EXPECT_THAT(now, AllOf(Ge(5), Lt(1000)));
      }
    }
  }
  EXPECT_NEAR(told / tokens, 0.15, 1e-9);
  EXPECT_NEAR(hidden / told, 0.8, 0.01);
  EXPECT_NEAR(replaced / told, 0.1, 0.01);
  EXPECT_NEAR(kept / told, 0.1, 0.01);
}

TEST(HideWordsTest, WordsSideBySideAreHiddenTogether) {
  Random random(4);
  int alone = 0, all = 0;
  for (int text = 0; text < 2000; ++text) {
    std::vector<int32_t> ids(102, 700);
    ids.front() = Tokenizer::kCls;
    ids.back() = Tokenizer::kSep;
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    for (size_t i = 0; i < masked.places.size(); ++i, ++all) {
      const bool before = i > 0 && masked.places[i - 1] == masked.places[i] - 1;
      const bool behind = i + 1 < masked.places.size() && masked.places[i + 1] == masked.places[i] + 1;
      if (!before && !behind) ++alone;
    }
  }
  // Words drawn one by one would be alone in 0.85 * 0.85 = 72 % of cases. Of runs of 1, 2 and 3 in proportion
  // 6 : 3 : 2, a third of the words are in runs of one, and other runs touch some of those.
  const double share = static_cast<double>(alone) / all;
  EXPECT_GT(share, 0.33 * 0.6);
  EXPECT_LT(share, 0.45);
}

TEST(HideWordsTest, ShortTextsHaveOneWordToTell) {
  Random random(5);
  for (int text = 0; text < 50; ++text) {
    const MaskedText one = MaskWords({Tokenizer::kCls, 600, Tokenizer::kSep}, Vocabulary(), &random);
    EXPECT_THAT(one.places, ElementsAre(1));
    EXPECT_THAT(one.labels, ElementsAre(600));
    // A single word of four pieces, of which the first goes on with a word that was cut.
    const MaskedText word = MaskWords({Tokenizer::kCls, 7, 8, 9, 10, Tokenizer::kSep}, Vocabulary(), &random);
    EXPECT_THAT(word.places, ElementsAre(1, 2, 3, 4));
  }
}

TEST(HideWordsTest, ChanceAloneDecides) {
  Random words(6);
  const std::vector<int32_t> ids = RandomIds(50, &words);
  Random first(7), same(7), other(8);
  const MaskedText a = MaskWords(ids, Vocabulary(), &first), b = MaskWords(ids, Vocabulary(), &same);
  EXPECT_EQ(a.text.ids, b.text.ids);
  EXPECT_EQ(a.places, b.places);
  EXPECT_NE(a.places, MaskWords(ids, Vocabulary(), &other).places);
}

}  // namespace
}  // namespace newsgenre
