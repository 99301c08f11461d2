#include "trainer/data/dataset.h"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::atomic<bool> kNeverStop{false};

NewsRow Row(std::string title, std::string body, int label, int64_t line) {
  return {std::move(title), std::move(body), label, line};
}

std::vector<NewsRow> Rows(int count) {
  std::vector<NewsRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back(Row("Title " + std::to_string(i), "the body", i % 4, i + 1));
  return rows;
}

std::vector<int32_t> All(size_t count) {
  std::vector<int32_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<int64_t> Lines(const std::vector<NewsRow>& rows) {
  std::vector<int64_t> lines;
  for (const NewsRow& row : rows) lines.push_back(row.line);
  return lines;
}

TEST(SplitRowsTest, AssignsEveryRowToOnePart) {
  ASSERT_OK_AND_ASSIGN(const Split split, SplitRows(100, 30, 1));
  EXPECT_EQ(split.validation.size(), 30u);
  EXPECT_EQ(split.training.size(), 70u);
  std::vector<int32_t> all = split.training;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, All(100));
}

TEST(SplitRowsTest, DependsOnTheSeed) {
  ASSERT_OK_AND_ASSIGN(const Split one, SplitRows(100, 30, 1));
  ASSERT_OK_AND_ASSIGN(const Split same, SplitRows(100, 30, 1));
  ASSERT_OK_AND_ASSIGN(const Split other, SplitRows(100, 30, 2));
  EXPECT_EQ(one.validation, same.validation);
  EXPECT_EQ(one.training, same.training);
  EXPECT_NE(one.validation, other.validation);
}

TEST(SplitRowsTest, DefaultsToATenthAndAtMost5000Rows) {
  const struct {
    int64_t rows;
    size_t validation;
  } cases[] = {{2, 1}, {19, 1}, {592, 59}, {49990, 4999}, {120000, 5000}};
  for (const auto& test : cases) {
    ASSERT_OK_AND_ASSIGN(const Split split, SplitRows(test.rows, 0, 1));
    EXPECT_EQ(split.validation.size(), test.validation) << test.rows;
  }
}

TEST(SplitRowsTest, RefusesAnEmptyPart) {
  EXPECT_THAT(SplitRows(10, 10, 1),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("10 validation rows of 10 rows")));
  EXPECT_THAT(SplitRows(1, 0, 1),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("1 validation rows of 1")));
  EXPECT_THAT(SplitRows(0, 0, 1), StatusIs(StatusCode::kInvalidArgument, HasSubstr("of 0 rows")));
}

TEST(CheckLabelsTest, WarnsAboutLabelsWithoutARow) {
  const std::vector<std::string> names = {"a", "b", "c"};
  ASSERT_OK_AND_ASSIGN(const auto all, CheckLabels("training", {2, 0, 1, 1}, names));
  EXPECT_THAT(all, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto one, CheckLabels("training", {2, 1}, names));
  EXPECT_THAT(one, ElementsAre("labels without a training row: a"));
  ASSERT_OK_AND_ASSIGN(const auto two, CheckLabels("validation", {}, names));
  EXPECT_THAT(two, ElementsAre("labels without a validation row: a, b, c"));
}

TEST(CheckLabelsTest, RefusesRowsWithOneLabel) {
  EXPECT_THAT(CheckLabels("training", {1, 1, 1}, {"a", "b", "c"}),
              StatusIs(StatusCode::kInvalidArgument,
                       "all 3 training rows are b; a classifier needs at least two labels"));
}

TEST(ForEachRowTest, CallsTheBodyOncePerRow) {
  for (const size_t count : {0, 1, 5, 100}) {
    for (const int threads : {1, 3, 8}) {
      std::vector<int> calls(count);
      ASSERT_THAT(ForEachRow(count, threads, kNeverStop, [&](size_t row) { ++calls[row]; }), IsOk());
      EXPECT_THAT(calls, Each(1)) << count << " rows on " << threads << " threads";
    }
  }
}

// Makes thread creation fail with a stack size above the address space.
TEST(ForEachRowTest, UsesTheCallingThreadIfNoOtherCanStart) {
  pthread_attr_t before, attributes;
  ASSERT_EQ(pthread_getattr_default_np(&before), 0);
  attributes = before;
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, size_t{1} << 60), 0);
  ASSERT_EQ(pthread_setattr_default_np(&attributes), 0);
  EXPECT_THROW(std::thread([] {}), std::system_error);
  std::vector<int> calls(100);
  EXPECT_THAT(ForEachRow(calls.size(), 3, kNeverStop, [&](size_t row) { ++calls[row]; }), IsOk());
  EXPECT_EQ(pthread_setattr_default_np(&before), 0);
  EXPECT_THAT(calls, Each(1));
}

TEST(ForEachRowTest, ReturnsResourceExhaustedWhenOutOfMemory) {
  for (const int threads : {1, 3}) {
    const auto body = [](size_t row) {
      if (row % 10 == 7) throw std::bad_alloc();
    };
    EXPECT_THAT(ForEachRow(100, threads, kNeverStop, body),
                StatusIs(StatusCode::kResourceExhausted, HasSubstr("out of memory")));
  }
}

TEST(CleanTextsTest, CleansTheChosenRows) {
  const std::vector<NewsRow> rows = {Row("a", "b", 0, 1), Row("c", "d", 0, 2),
                                     Row("x &amp; y", "  z ", 0, 3)};
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> texts, CleanTexts(rows, {2, 0}, 3, kNeverStop));
  EXPECT_THAT(texts, ElementsAre("x & y z", "a b"));
}

TEST(RemoveEmptyRowsTest, RemovesRowsThatAreEmptyAfterCleaning) {
  for (const int threads : {1, 3, 9}) {
    std::vector<NewsRow> rows = {Row("a", "", 0, 1), Row(" ", "\t", 0, 2), Row("b", "", 0, 4),
                                 Row("\\", "", 0, 5)};
    BadRows bad("x.csv");
    bad.Add(3, "no text");
    ASSERT_THAT(RemoveEmptyRows(nullptr, threads, kNeverStop, &rows, &bad), IsOk());
    EXPECT_THAT(Lines(rows), ElementsAre(1, 4));
    EXPECT_EQ(rows[1].title, "b");
    EXPECT_EQ(bad.ToString(),
              "3 bad rows\nx.csv:3: no text\nx.csv:2: no text is left after cleaning"
              "\nx.csv:5: no text is left after cleaning");
  }
}

TEST(DatasetTest, ConcatenatesTheTexts) {
  Dataset data;
  EXPECT_EQ(data.size(), 0);
  EXPECT_THAT(data.Lengths(), IsEmpty());
  data.Add({{2, 7, 8, 3}}, 1, 10);
  data.Add({{2, 9, 3}, /*truncated=*/true}, 0, 12);
  EXPECT_EQ(data.size(), 2);
  EXPECT_THAT(data.ids, ElementsAre(2, 7, 8, 3, 2, 9, 3));
  EXPECT_THAT(data.starts, ElementsAre(0, 4, 7));
  EXPECT_THAT(data.labels, ElementsAre(1, 0));
  EXPECT_THAT(data.lines, ElementsAre(10, 12));
  EXPECT_THAT(data.Lengths(), ElementsAre(4, 3));
  EXPECT_EQ(data.length(1), 3);
  EXPECT_THAT(data.Text(0).ids, ElementsAre(2, 7, 8, 3));
  EXPECT_THAT(data.Text(1).ids, ElementsAre(2, 9, 3));
  EXPECT_EQ(data.truncated, 1);
}

class EncodeRowsTest : public testing::Test {
 protected:
  const TextEncoder encoder_{
      *Tokenizer::FromBytes(*ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/tiny.spiece.model")),
      kLatestCleaning, /*max_tokens=*/64};
};

TEST_F(EncodeRowsTest, EncodesTheChosenRows) {
  std::string long_body;
  for (int i = 0; i < 100; ++i) long_body += "word ";
  const std::vector<NewsRow> rows = {Row("A title", "and a body", 2, 1), Row("not", "chosen", 1, 3),
                                     Row("", "only a body &amp; more", 0, 4), Row("", long_body, 3, 5)};
  ASSERT_OK_AND_ASSIGN(const Dataset data, EncodeRows(rows, {3, 0, 2}, encoder_, 1, kNeverStop));
  const char* const texts[] = {long_body.c_str(), "A title and a body", "only a body &amp; more"};
  ASSERT_EQ(data.size(), 3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const Encoding encoding, encoder_.Encode(texts[i]));
    EXPECT_EQ(data.Text(i).ids, encoding.ids) << i;
  }
  EXPECT_THAT(data.labels, ElementsAre(3, 2, 0));
  EXPECT_THAT(data.lines, ElementsAre(5, 1, 4));
  EXPECT_EQ(data.truncated, 1);
}

TEST_F(EncodeRowsTest, GivesTheSameResultForAnyNumberOfThreads) {
  const std::vector<NewsRow> rows = Rows(101);
  ASSERT_OK_AND_ASSIGN(const Dataset one, EncodeRows(rows, All(101), encoder_, 1, kNeverStop));
  for (const int threads : {7, 150}) {  // 150 is more than the number of rows
    ASSERT_OK_AND_ASSIGN(const Dataset many, EncodeRows(rows, All(101), encoder_, threads, kNeverStop));
    EXPECT_EQ(many.ids, one.ids);
    EXPECT_EQ(many.starts, one.starts);
    EXPECT_EQ(many.labels, one.labels);
    EXPECT_EQ(many.lines, one.lines);
  }
}

TEST_F(EncodeRowsTest, RemoveEmptyRowsAppliesTheCleaningOfTheEncoder) {
  const TextEncoder without_cleaning(*Tokenizer::FromBytes(encoder_.tokenizer().model_bytes()),
                                     CleaningVersion::kNone, /*max_tokens=*/64);
  // The last text is a combining mark, which the tokenizer drops.
  const std::vector<NewsRow> all = {Row("a", "", 0, 1), Row(" ", "\t", 0, 2), Row("\\", "", 0, 3),
                                    Row("\u0301", "", 0, 4)};
  const std::pair<const TextEncoder*, std::vector<int64_t>> cases[] = {
      {nullptr, {1, 4}}, {&encoder_, {1}}, {&without_cleaning, {1, 3}}};
  for (const auto& [encoder, kept] : cases) {
    std::vector<NewsRow> rows = all;
    BadRows bad("x.csv");
    ASSERT_THAT(RemoveEmptyRows(encoder, 1, kNeverStop, &rows, &bad), IsOk());
    EXPECT_EQ(Lines(rows), kept);
    EXPECT_EQ(bad.count(), static_cast<int64_t>(all.size() - kept.size()));
  }
}

TEST_F(EncodeRowsTest, ReportsTheLineOfAnEmptyText) {
  EXPECT_THAT(EncodeRows({Row("a", "", 0, 1), Row(" ", "", 0, 7)}, {0, 1}, encoder_, 2, kNeverStop),
              StatusIs(StatusCode::kInvalidArgument, testing::StartsWith("line 7: ")));
}

TEST_F(EncodeRowsTest, ReturnsCancelledIfStopIsTrue) {
  const std::atomic<bool> stop{true};
  std::vector<NewsRow> rows = Rows(3);
  BadRows bad("x.csv");
  EXPECT_THAT(CleanTexts(rows, {0, 1}, 2, stop), StatusIs(StatusCode::kCancelled, _));
  EXPECT_THAT(RemoveEmptyRows(nullptr, 2, stop, &rows, &bad), StatusIs(StatusCode::kCancelled, _));
  EXPECT_THAT(EncodeRows(rows, {0, 1, 2}, encoder_, 2, stop), StatusIs(StatusCode::kCancelled, _));
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(bad.count(), 0);
}

}  // namespace
}  // namespace newsgenre
