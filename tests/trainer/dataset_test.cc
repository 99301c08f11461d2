#include "trainer/dataset.h"

#include <algorithm>
#include <numeric>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::atomic<bool> kGoOn{false};

NewsRow Row(std::string title, std::string body, int label, int64_t line) {
  return {std::move(title), std::move(body), label, line};
}

std::vector<NewsRow> Rows(int count) {
  std::vector<NewsRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back(Row("Title " + std::to_string(i), "the body", i % 4, i + 1));
  return rows;
}

TEST(SplitRowsTest, EveryRowIsInOnePart) {
  ASSERT_OK_AND_ASSIGN(const Split split, SplitRows(100, 30, 1));
  EXPECT_EQ(split.validation.size(), 30u);
  EXPECT_EQ(split.training.size(), 70u);
  std::vector<int32_t> all = split.training;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  std::vector<int32_t> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(SplitRowsTest, TheSeedDraws) {
  ASSERT_OK_AND_ASSIGN(const Split one, SplitRows(100, 30, 1));
  ASSERT_OK_AND_ASSIGN(const Split same, SplitRows(100, 30, 1));
  ASSERT_OK_AND_ASSIGN(const Split other, SplitRows(100, 30, 2));
  EXPECT_EQ(one.validation, same.validation);
  EXPECT_EQ(one.training, same.training);
  EXPECT_NE(one.validation, other.validation);
}

TEST(SplitRowsTest, ByDefaultATenthAndAtMost5000) {
  const struct {
    int64_t rows;
    size_t validation;
  } cases[] = {{2, 1}, {19, 1}, {592, 59}, {49990, 4999}, {120000, 5000}};
  for (const auto& test : cases) {
    ASSERT_OK_AND_ASSIGN(const Split split, SplitRows(test.rows, 0, 1));
    EXPECT_EQ(split.validation.size(), test.validation) << test.rows;
  }
}

TEST(SplitRowsTest, BothPartsNeedARow) {
  EXPECT_THAT(SplitRows(10, 10, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("10 validation rows of 10 rows")));
  EXPECT_THAT(SplitRows(1, 0, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 validation rows of 1")));
}

TEST(DatasetTest, EncodesAsTheEncoderDoes) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  const std::vector<NewsRow> rows = {Row("A title", "and a body", 2, 1),
                                     Row("", "only a body &amp; more", 0, 2)};
  ASSERT_OK_AND_ASSIGN(const Dataset data, EncodeRows(rows, tiny.encoder, "x.csv", 1, kGoOn));
  ASSERT_OK_AND_ASSIGN(const Encoding first, tiny.encoder.Encode("A title and a body"));
  ASSERT_OK_AND_ASSIGN(const Encoding second, tiny.encoder.Encode("only a body &amp; more"));
  ASSERT_EQ(data.size(), 2);
  EXPECT_EQ(data.texts[0].ids, first.ids);
  EXPECT_EQ(data.texts[1].ids, second.ids);
  EXPECT_THAT(data.labels, ElementsAre(2, 0));
  EXPECT_THAT(data.Lengths(), ElementsAre(first.ids.size(), second.ids.size()));
}

TEST(DatasetTest, ThreadsDoNotChangeTheResult) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  const std::vector<NewsRow> rows = Rows(101);
  ASSERT_OK_AND_ASSIGN(const Dataset one, EncodeRows(rows, tiny.encoder, "x.csv", 1, kGoOn));
  ASSERT_OK_AND_ASSIGN(const Dataset seven, EncodeRows(rows, tiny.encoder, "x.csv", 7, kGoOn));
  EXPECT_EQ(one.labels, seven.labels);
  for (int i = 0; i < 101; ++i) EXPECT_EQ(one.texts[i].ids, seven.texts[i].ids) << i;
}

TEST(DatasetTest, RowsThatAreEmptyWhenCleanedAreReported) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  const std::vector<NewsRow> rows = {Row("a", "", 0, 1), Row(" ", "\t", 0, 2), Row("b", "", 0, 4),
                                     Row("\\", "", 0, 5)};
  EXPECT_THAT(EncodeRows(rows, tiny.encoder, "x.csv", 2, kGoOn),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("2 bad rows"), HasSubstr("x.csv:2: "), HasSubstr("x.csv:5: "))));
}

TEST(DatasetTest, TakesRowsInTheOrderAsked) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(Dataset data, EncodeRows(Rows(4), tiny.encoder, "x.csv", 1, kGoOn));
  const std::vector<int32_t> last = data.texts[3].ids;
  const Dataset taken = data.Take({3, 1});
  EXPECT_THAT(taken.labels, ElementsAre(3, 1));
  EXPECT_EQ(taken.texts[0].ids, last);
}

TEST(CleanTextsTest, CleansTheChosenRows) {
  const std::vector<NewsRow> rows = {Row("a", "b", 0, 1), Row("c", "d", 0, 2),
                                     Row("x &amp; y", "  z ", 0, 3)};
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> texts, CleanTexts(rows, {2, 0}, 3, kGoOn));
  EXPECT_THAT(texts, ElementsAre("x & y z", "a b"));
}

TEST(DatasetTest, PreparationStopsWhenAskedTo) {
  const std::atomic<bool> stop{true};
  ASSERT_OK_AND_ASSIGN(const Checkpoint tiny, TinyCheckpoint());
  EXPECT_THAT(CleanTexts(Rows(3), {0, 1}, 2, stop), StatusIs(absl::StatusCode::kCancelled, testing::_));
  EXPECT_THAT(EncodeRows(Rows(3), tiny.encoder, "x.csv", 2, stop),
              StatusIs(absl::StatusCode::kCancelled, testing::_));
}

}  // namespace
}  // namespace newsgenre
