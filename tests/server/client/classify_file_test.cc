#include "server/client/classify_file.h"

#include <atomic>
#include <sstream>
#include <string>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "tests/server/client/fake_classifier_service.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

TEST(AccuracyTallyTest, SummaryIsEmptyWithoutLabels) { EXPECT_EQ(AccuracyTally().Summary(), ""); }

TEST(AccuracyTallyTest, CountsCorrectPredictions) {
  AccuracyTally tally;
  tally.Add("World", "World");
  tally.Add("World", "Sports");
  tally.Add("Sports", "Sports");
  EXPECT_EQ(tally.total(), 3);
  EXPECT_EQ(tally.correct(), 2);
  EXPECT_EQ(tally.Summary(), "accuracy 66.67 % (2 of 3 texts with a label)");
}

// The line for FakeClassifierService::RespondSports.
std::string SportsLine(int tokens) {
  return R"({"label": "Sports", "probabilities": {"World": 0.1, "Sports": 0.7, "Business": 0.1, "Sci/Tech": 0.1}, )"
         R"("tokens": )" +
         std::to_string(tokens) + R"(, "truncated": false, "model_version": "fake-1"})" + "\n";
}

class ClassifyFileTest : public testing::Test {
 protected:
  // Writes an input file and returns its path.
  std::string Input(const std::string& name, const std::string& bytes) {
    EXPECT_THAT(WriteFileAtomic(dir_.File(name), bytes), IsOk());
    return dir_.File(name);
  }

  TempDir dir_;
  std::atomic<int> calls_{0};
  FakeClassifierService service_{[this](const std::string& text, v1::ClassifyResponse* response) {
    ++calls_;
    if (text == "bad|row") return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no text is left");
    return FakeClassifierService::RespondSports(text, response);
  }};
  Connection connection_ = *Connect(service_.address(), std::chrono::milliseconds(10000));
};

TEST_F(ClassifyFileTest, WritesALineForEachRowInOrder) {
  const std::string input = Input("news.csv",
                                  "\"2\",\"cup\",\"final\"\n"
                                  "\"1\",\"bad\",\"row\"\n"
                                  "\"1\",\"a summit\",\"\"\n");
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadRows(input, connection_.model));
  std::ostringstream progress;
  ASSERT_OK_AND_ASSIGN(const FileSummary summary,
                       ClassifyFile(connection_, rows, CallOptions(), dir_.File("out.jsonl"), &progress));
  ASSERT_OK_AND_ASSIGN(const std::string output, ReadFile(dir_.File("out.jsonl")));
  EXPECT_EQ(output, SportsLine(9) + "{\"error\": \"INVALID_ARGUMENT: no text is left\"}\n" + SportsLine(9));
  EXPECT_EQ(summary.texts, 3);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.accuracy.Summary(), "accuracy 50.00 % (1 of 2 texts with a label)");
  EXPECT_THAT(progress.str(), HasSubstr("3 of 3 texts"));
}

TEST_F(ClassifyFileTest, CountsNoAccuracyWithoutLabels) {
  const std::string input =
      Input("news.jsonl", "{\"title\": \"t\", \"body\": \"b\"}\n{\"title\": \"a\", \"body\": \"goal\"}\n");
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadRows(input, connection_.model));
  std::ostringstream out;
  ASSERT_OK_AND_ASSIGN(const FileSummary summary,
                       ClassifyRows(connection_, rows, CallOptions(), &out, nullptr));
  EXPECT_EQ(out.str(), SportsLine(3) + SportsLine(6));
  EXPECT_EQ(summary.failed, 0);
  EXPECT_EQ(summary.accuracy.total(), 0);
}

TEST_F(ClassifyFileTest, KeepsTheOrderOfManyRows) {
  std::string bytes, expected;
  for (int i = 0; i < 500; ++i) {
    const std::string body(1 + i % 37, 'x');
    bytes += "\"\",\"t\",\"" + body + "\"\n";
    expected += SportsLine(static_cast<int>(body.size()) + 2);
  }
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadRows(Input("many.csv", bytes), connection_.model));
  std::ostringstream out;
  ASSERT_THAT(ClassifyRows(connection_, rows, CallOptions(), &out, nullptr), IsOk());
  EXPECT_EQ(out.str(), expected);
}

TEST_F(ClassifyFileTest, RefusesAFileWithABadRow) {
  const std::string input = Input("news.csv", "\"9\",\"t\",\"b\"\n");
  EXPECT_THAT(ReadRows(input, connection_.model),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("news.csv:1")));
}

TEST_F(ClassifyFileTest, ReportsAnOutputThatCannotBeOpened) {
  const std::string nowhere = dir_.File("missing/out.jsonl");
  EXPECT_THAT(ClassifyFile(connection_, {}, CallOptions(), nowhere, nullptr),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr(nowhere + ": No such file or directory")));
}

TEST_F(ClassifyFileTest, ReportsAFullDisk) {
  NewsRow row;
  row.title = "t";
  EXPECT_THAT(ClassifyFile(connection_, {row}, CallOptions(), "/dev/full", nullptr),
              StatusIs(absl::StatusCode::kUnknown, "can't write /dev/full: No space left on device"));
}

TEST_F(ClassifyFileTest, StopsAtTheFirstFailedWrite) {
  const std::vector<NewsRow> rows(2000);
  CallOptions options;
  options.max_ahead = 64;
  calls_ = 0;
  EXPECT_THAT(ClassifyFile(connection_, rows, options, "/dev/full", nullptr),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("No space left on device")));
  EXPECT_LT(calls_, 1000);
}

}  // namespace
}  // namespace newsgenre
