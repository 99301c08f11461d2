#include "trainer/pretraining/masking.h"

#include <algorithm>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::Lt;

// A vocabulary of a thousand pieces. Those from 500 on begin a word.
MaskingVocabulary Vocabulary() {
  MaskingVocabulary vocabulary{1000, std::vector<bool>(1000, false)};
  std::fill(vocabulary.begins_word.begin() + 500, vocabulary.begins_word.end(), true);
  return vocabulary;
}

// Returns a text of words of one to three pieces.
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

TEST(MaskWordsTest, LabelsRestoreTheOriginalText) {
  Random random(1);
  for (size_t words = 1; words < 60; ++words) {
    const std::vector<int32_t> ids = RandomIds(words, &random);
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    ASSERT_EQ(masked.positions.size(), masked.labels.size());
    EXPECT_TRUE(std::is_sorted(masked.positions.begin(), masked.positions.end()));
    EXPECT_GE(masked.positions.front(), 1);
    EXPECT_LT(masked.positions.back(), static_cast<int64_t>(ids.size()) - 1);
    std::vector<int32_t> restored = masked.text.ids;
    for (size_t i = 0; i < masked.positions.size(); ++i) restored[masked.positions[i]] = masked.labels[i];
    EXPECT_EQ(restored, ids);
  }
}

TEST(MaskWordsTest, MasksWholeWords) {
  Random random(2);
  const MaskingVocabulary vocabulary = Vocabulary();
  for (int text = 0; text < 200; ++text) {
    const std::vector<int32_t> ids = RandomIds(40, &random);
    const MaskedText masked = MaskWords(ids, vocabulary, &random);
    std::vector<bool> is_masked(ids.size(), false);
    for (const int64_t position : masked.positions) is_masked[position] = true;
    for (size_t position = 2; position + 1 < ids.size(); ++position) {
      if (vocabulary.begins_word[ids[position]]) continue;
      EXPECT_EQ(is_masked[position], is_masked[position - 1]);
    }
  }
}

// Counts over many texts how many tokens are masked, and how.
TEST(MaskWordsTest, FollowsTheMaskingSharesOfThePapers) {
  Random random(3);
  double tokens = 0, masked_tokens = 0, mask_pieces = 0, replaced = 0, kept = 0;
  for (int text = 0; text < 4000; ++text) {
    std::vector<int32_t> ids(102, 0);
    for (int32_t& id : ids) id = 500 + static_cast<int32_t>(random.Below(500));
    ids.front() = Tokenizer::kCls;
    ids.back() = Tokenizer::kSep;
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    tokens += 100;
    masked_tokens += static_cast<double>(masked.positions.size());
    EXPECT_EQ(masked.positions.size(), 15u);
    for (size_t i = 0; i < masked.positions.size(); ++i) {
      const int32_t now = masked.text.ids[masked.positions[i]];
      if (now == Tokenizer::kMask) {
        ++mask_pieces;
      } else if (now == masked.labels[i]) {
        ++kept;
      } else {
        ++replaced;
        EXPECT_THAT(now, AllOf(Ge(5), Lt(1000)));
      }
    }
  }
  EXPECT_NEAR(masked_tokens / tokens, 0.15, 1e-9);
  EXPECT_NEAR(mask_pieces / masked_tokens, 0.8, 0.01);
  EXPECT_NEAR(replaced / masked_tokens, 0.1, 0.01);
  EXPECT_NEAR(kept / masked_tokens, 0.1, 0.01);
}

TEST(MaskWordsTest, MasksSpansOfWords) {
  Random random(4);
  int alone = 0, all = 0;
  for (int text = 0; text < 2000; ++text) {
    std::vector<int32_t> ids(102, 700);
    ids.front() = Tokenizer::kCls;
    ids.back() = Tokenizer::kSep;
    const MaskedText masked = MaskWords(ids, Vocabulary(), &random);
    for (size_t i = 0; i < masked.positions.size(); ++i, ++all) {
      const bool before = i > 0 && masked.positions[i - 1] == masked.positions[i] - 1;
      const bool after =
          i + 1 < masked.positions.size() && masked.positions[i + 1] == masked.positions[i] + 1;
      if (!before && !after) ++alone;
    }
  }
  // Words drawn one by one would have no masked neighbour in 0.85 * 0.85 = 72 % of cases. With spans of 1, 2
  // and 3 words in proportion 6 : 3 : 2, a third of the words are in spans of one, some of which touch other
  // spans.
  const double share = static_cast<double>(alone) / all;
  EXPECT_GT(share, 0.33 * 0.6);
  EXPECT_LT(share, 0.45);
}

TEST(MaskWordsTest, MasksOneWordOfAShortText) {
  Random random(5);
  for (int text = 0; text < 50; ++text) {
    const MaskedText one = MaskWords({Tokenizer::kCls, 600, Tokenizer::kSep}, Vocabulary(), &random);
    EXPECT_THAT(one.positions, ElementsAre(1));
    EXPECT_THAT(one.labels, ElementsAre(600));
    // A single word of four pieces. The first one continues a word that was cut.
    const MaskedText word = MaskWords({Tokenizer::kCls, 7, 8, 9, 10, Tokenizer::kSep}, Vocabulary(), &random);
    EXPECT_THAT(word.positions, ElementsAre(1, 2, 3, 4));
  }
}

TEST(MaskWordsTest, DependsOnTheRandomGeneratorAlone) {
  Random words(6);
  const std::vector<int32_t> ids = RandomIds(50, &words);
  Random first(7), same(7), other(8);
  const MaskedText a = MaskWords(ids, Vocabulary(), &first), b = MaskWords(ids, Vocabulary(), &same);
  EXPECT_EQ(a.text.ids, b.text.ids);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_NE(a.positions, MaskWords(ids, Vocabulary(), &other).positions);
}

}  // namespace
}  // namespace newsgenre
