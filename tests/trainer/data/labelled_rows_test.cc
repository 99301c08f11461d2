#include "trainer/data/labelled_rows.h"

#include <ATen/Parallel.h>

#include <fstream>
#include <sstream>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::AllOf;
using testing::HasSubstr;

class LabelledRowsTest : public testing::Test {
 protected:
  LabelledRowsTest() { at::set_num_threads(1); }

  absl::StatusOr<LabelledRows> Read(const std::string& bytes) {
    std::ofstream(file_, std::ios::binary) << bytes;
    return ReadLabelledRows(file_, options_, {stop_, &progress_});
  }

  const TempDir dir_;
  const std::string file_ = dir_.File("rows.csv");
  ReadingOptions options_;
  std::atomic<bool> stop_{false};
  std::stringstream terminal_;
  Progress progress_{&terminal_};
};

TEST_F(LabelledRowsTest, ReadsAFile) {
  const std::string bytes = "1,a,b\r\n\n4,\"c\nd\",\nSports,e,f\n";
  ASSERT_OK_AND_ASSIGN(const LabelledRows read, Read(bytes));
  EXPECT_EQ(read.file, file_);
  EXPECT_EQ(read.sha256, Sha256(bytes));
  ASSERT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.rows[1].title, "c\nd");
  EXPECT_EQ(read.rows[1].line, 3);
  EXPECT_EQ(read.rows[2].label, 1);
  EXPECT_EQ(terminal_.str(), "");
}

TEST_F(LabelledRowsTest, AcceptsOtherLabels) {
  options_.labels = {"no", "yes"};
  ASSERT_OK_AND_ASSIGN(const LabelledRows read, Read("yes,a,b\n1,c,d\n"));
  EXPECT_EQ(read.rows[0].label, 1);
  EXPECT_EQ(read.rows[1].label, 0);
  EXPECT_THAT(Read("World,a,b\n"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("label \"World\"")));
}

TEST_F(LabelledRowsTest, ReportsEveryBadRowAndEmptyText) {
  EXPECT_THAT(Read("9,a,b\n1,c,d\n2, ,\t\n3,,\nx\n4,\\,\\\n"),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("5 bad rows\n"), HasSubstr("\n" + file_ + ":1: label \"9\""),
                             HasSubstr("\n" + file_ + ":3: no text is left after cleaning"),
                             HasSubstr("\n" + file_ + ":4: no text"), HasSubstr("\n" + file_ + ":5: 1 field"),
                             HasSubstr("\n" + file_ + ":6: no text is left after cleaning"))));
}

TEST_F(LabelledRowsTest, SkipsAndLogsBadRowsUpToTheLimit) {
  options_.max_bad_rows = 2;
  ASSERT_OK_AND_ASSIGN(const LabelledRows read, Read("9,a,b\n1,c,d\n2, ,\t\n3,e,f\n"));
  ASSERT_EQ(read.rows.size(), 2u);
  EXPECT_EQ(read.rows[1].line, 4);
  EXPECT_THAT(terminal_.str(),
              AllOf(HasSubstr("rows left out: 2 bad rows\n"), HasSubstr("\n" + file_ + ":1: label \"9\""),
                    HasSubstr("\n" + file_ + ":3: no text is left after cleaning")));
  EXPECT_THAT(Read("9,a,b\n1,c,d\n2, ,\t\n3,,\n"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("3 bad rows")));
}

TEST_F(LabelledRowsTest, RefusesAFileWithoutGoodRows) {
  options_.max_bad_rows = 2;
  EXPECT_THAT(Read("9,a,b\n1, ,\n"), StatusIs(StatusCode::kInvalidArgument, file_ + ": no good rows"));
  EXPECT_THAT(Read(""), StatusIs(StatusCode::kInvalidArgument, file_ + ": no rows"));
}

TEST_F(LabelledRowsTest, HandlesInvalidUtf8) {
  EXPECT_THAT(Read(std::string("\0\xff\xfe\"\n\x80,\"", 8)), StatusIs(StatusCode::kInvalidArgument, _));
  ASSERT_OK_AND_ASSIGN(const LabelledRows read,
                       Read("1,\xff\xfe,\x80\n"));  // cleaning replaces the invalid bytes
  EXPECT_EQ(read.rows.size(), 1u);
}

TEST_F(LabelledRowsTest, ReturnsTheErrorOfReadFile) {
  EXPECT_THAT(ReadLabelledRows(dir_.File("none"), options_, {stop_, &progress_}),
              StatusIs(StatusCode::kNotFound, HasSubstr(dir_.File("none"))));
  EXPECT_THAT(ReadLabelledRows(dir_.path(), options_, {stop_, &progress_}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("is not a regular file")));
}

TEST_F(LabelledRowsTest, ReturnsCancelledIfStopIsTrue) {
  stop_ = true;
  EXPECT_THAT(Read("1,a,b\n"), StatusIs(StatusCode::kCancelled, _));
}

class ClassifyRowsTest : public LabelledRowsTest {
 protected:
  void SetUp() override {
    ASSERT_THAT(PublishTinyModel(dir_.path()), IsOk());
    ASSERT_OK_AND_ASSIGN(classifier_, Classifier::Load(dir_.path(), {"cpu", "fp32"}));
  }

  std::unique_ptr<Classifier> classifier_;
};

TEST_F(ClassifyRowsTest, ReturnsTheClassifiersPredictionsInRowOrder) {
  std::string csv, words;
  for (int i = 0; i < 100; ++i) {  // more than one batch, with many lengths
    words = i % 7 == 0 ? "" : words + " word";
    csv += std::to_string(i % 4 + 1) + ",Title " + std::to_string(i) + ",body" + words + "\n";
  }
  ASSERT_OK_AND_ASSIGN(const LabelledRows rows, Read(csv + "1,long," + std::string(500, 'x') + "\n"));
  progress_.Show({}, Progress::Clock::now() - std::chrono::seconds(1));
  ASSERT_OK_AND_ASSIGN(const ClassifiedRows classified,
                       ClassifyRows(*classifier_, rows, {stop_, &progress_}));
  ASSERT_EQ(classified.probabilities.size(), rows.rows.size());
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const Encoding text, classifier_->encoder().Encode(
                                                  JoinTitleAndBody(rows.rows[i].title, rows.rows[i].body)));
    ASSERT_OK_AND_ASSIGN(const auto alone, classifier_->Predict({&text}));
    EXPECT_THAT(classified.probabilities[i], testing::Pointwise(testing::FloatNear(1e-5f), alone[0])) << i;
    EXPECT_EQ(classified.data.Text(static_cast<int64_t>(i)).ids, text.ids);
    EXPECT_EQ(classified.data.labels[i], rows.rows[i].label);
    EXPECT_EQ(classified.data.lines[i], rows.rows[i].line);
  }
  EXPECT_EQ(classified.data.truncated, 1);
  EXPECT_THAT(terminal_.str(), HasSubstr("rows classified  0/101"));
}

TEST_F(ClassifyRowsTest, ReturnsCancelledIfStopIsTrue) {
  ASSERT_OK_AND_ASSIGN(const LabelledRows rows, Read("1,a,b\n"));
  stop_ = true;
  EXPECT_THAT(ClassifyRows(*classifier_, rows, {stop_, &progress_}), StatusIs(StatusCode::kCancelled, _));
}

}  // namespace
}  // namespace newsgenre
