#include "trainer/data/vocabulary_trainer.h"

#include <string>
#include <vector>

#include "common/text/clean_text.h"
#include "common/text/news_reader.h"
#include "common/text/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> SampleTexts() {
  std::vector<std::string> texts;
  const auto rows = ReadNews(NEWSGENRE_SOURCE_DIR "/deploy/sample/test.csv");
  for (const NewsRow& row : *rows) {
    texts.push_back(CleanText(JoinTitleAndBody(row.title, row.body), kLatestCleaning));
  }
  return texts;
}

TEST(TrainVocabularyTest, ReturnsAModelForTheTokenizer) {
  ASSERT_OK_AND_ASSIGN(const std::string model, TrainVocabulary(SampleTexts(), 400));
  ASSERT_OK_AND_ASSIGN(const Tokenizer tokenizer, Tokenizer::FromBytes(model));
  EXPECT_EQ(tokenizer.vocab_size(), 400);
  for (const std::string& text : SampleTexts()) {
    EXPECT_THAT(tokenizer.Encode(text, 512).ids, testing::Not(testing::Contains(Tokenizer::kUnk))) << text;
  }
}

TEST(TrainVocabularyTest, IsDeterministic) {
  ASSERT_OK_AND_ASSIGN(const std::string once, TrainVocabulary(SampleTexts(), 300));
  ASSERT_OK_AND_ASSIGN(const std::string again, TrainVocabulary(SampleTexts(), 300));
  EXPECT_EQ(once, again);
}

TEST(TrainVocabularyTest, TrainsOnNormalizedText) {
  ASSERT_OK_AND_ASSIGN(
      const std::string model,
      TrainVocabulary(std::vector<std::string>(50, "``Café'' ÉTAGE cafe etage Ünder under"), 20));
  ASSERT_OK_AND_ASSIGN(const Tokenizer tokenizer, Tokenizer::FromBytes(model));
  EXPECT_EQ(tokenizer.Encode("CAFÉ", 8).ids, tokenizer.Encode("cafe", 8).ids);
  EXPECT_THAT(tokenizer.Encode("cafe etage \"", 20).ids, testing::Not(testing::Contains(Tokenizer::kUnk)));
}

TEST(TrainVocabularyTest, AcceptsLongTexts) {
  std::string text;
  while (text.size() < 20000) {
    text += "word after word ";
  }
  EXPECT_THAT(TrainVocabulary({text}, 16), IsOk());
}

TEST(TrainVocabularyTest, RefusesMorePiecesThanTheTextsYield) {
  EXPECT_THAT(
      TrainVocabulary({"a short text", "another one"}, 5000),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("of 5000 pieces: Vocabulary size too high (5000). Please set it to a value <= ")));
}

TEST(TrainVocabularyTest, RefusesSizesBelowTheNumberOfCharacters) {
  for (const int size : {-1, 0, 1, 5, 6}) {
    EXPECT_THAT(TrainVocabulary({"a short text", "another one"}, size),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pieces: ")))
        << size;
  }
}

TEST(TrainVocabularyTest, RefusesTextsWithoutWords) {
  EXPECT_THAT(TrainVocabulary({}, 100), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no text")));
  EXPECT_THAT(TrainVocabulary({"", " \n"}, 100),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no text")));
}

}  // namespace
}  // namespace newsgenre
