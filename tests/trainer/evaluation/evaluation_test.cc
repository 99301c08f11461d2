#include "trainer/evaluation/evaluation.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "common/base/file.h"
#include "common/inference/classifier.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "trainer/finetuning/release.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class EvaluationTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.model_dir = dir_.File("model");
    config_.test = WriteRows(
        "1,Talks begin,in the capital\n2,Late goal,wins the cup\n3,Shares fall,as oil rises\n"
        "4,A new chip,is out\n4,Another,text\n1,\"The \"\"last\"\"\",one\n");
    config_.out = dir_.File("deep/out");
    config_.device = "cpu";
    config_.threads = 1;
    ASSERT_THAT(PublishTinyModel(config_.model_dir), IsOk());
  }

  std::string WriteRows(const std::string& rows) const {
    std::ofstream(dir_.File("test.csv")) << rows;
    return dir_.File("test.csv");
  }
  absl::StatusOr<Report> Run() { return RunEvaluation(config_, {stop_, &progress_}); }

  const TempDir dir_;
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  EvaluationConfig config_;
};

TEST_F(EvaluationTest, ReportsTheReleasesPredictions) {
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(config_.model_dir, {"cpu", "fp32"}));
  const char* const texts[] = {
      "Talks begin in the capital", "Late goal wins the cup", "Shares fall as oil rises",
      "A new chip is out",          "Another text",           "The \"last\" one"};
  ProbabilityRows probabilities;
  for (const char* text : texts) {
    ASSERT_OK_AND_ASSIGN(const Encoding encoding, classifier->encoder().Encode(text));
    ASSERT_OK_AND_ASSIGN(const auto one, classifier->Predict({&encoding}));
    probabilities.push_back(one[0]);
  }
  const ClassificationMetrics right = Evaluate(probabilities, {0, 1, 2, 3, 3, 0});
  ASSERT_TRUE(report.test.has_value());
  EXPECT_EQ(report.test->confusion, right.confusion);
  EXPECT_NEAR(report.test->loss, right.loss, 1e-5);
  EXPECT_EQ(static_cast<int64_t>(report.mistakes.size()), 6 - right.correct());
  for (const auto& mistake : report.mistakes) EXPECT_EQ(mistake.text, texts[mistake.line - 1]);
  EXPECT_EQ(report.version, "tiny-1");
  EXPECT_THAT(report.labels, ElementsAre("World", "Sports", "Business", "Sci/Tech"));
  EXPECT_EQ(report.test_file, config_.test);
  EXPECT_EQ(report.device, "cpu");
  EXPECT_EQ(report.precision, "fp32");
  EXPECT_EQ(report.threads, 1);
  EXPECT_NE(report.processor, "");
  EXPECT_EQ(report.lengths->max_tokens, 64);
  EXPECT_FALSE(report.temperature.has_value());
  EXPECT_TRUE(report.epochs.empty());
}

TEST_F(EvaluationTest, WritesTheReportsFiles) {
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(config_.out + "/report.json"));
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json(ReportJson(report)));
  ASSERT_OK_AND_ASSIGN(const std::string markdown, ReadFile(config_.out + "/report.md"));
  EXPECT_THAT(markdown, HasSubstr("tiny-1"));
  ASSERT_OK_AND_ASSIGN(const std::string html, ReadFile(config_.out + "/report.html"));
  EXPECT_THAT(html, HasSubstr("tiny-1"));
}

TEST_F(EvaluationTest, WritesNothingWithoutAFolder) {
  config_.out = "";
  EXPECT_THAT(Run(), IsOk());
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir_.path())) ++files;
  EXPECT_EQ(files, 2);  // the model and the rows
}

TEST_F(EvaluationTest, ReportsTheTemperature) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint({"tiny-2"}));
  FoldTemperature(1.25, &tiny);
  tiny.manifest.clear_canaries();
  ASSERT_THAT(PublishCheckpoint(config_.model_dir, tiny), IsOk());
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.version, "tiny-2");
  EXPECT_EQ(report.temperature, 1.25);
}

// The last row is a combining mark, which has no tokens in the release's vocabulary.
TEST_F(EvaluationTest, LeavesOutAllowedBadRows) {
  WriteRows("1,a,b\n9,c,d\n2,\\,\n3,e,f\n4,\u0301,\n");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kInvalidArgument, StartsWith("3 bad rows\n" + config_.test + ":2: ")));
  config_.max_bad_rows = 3;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_EQ(report.test->rows(), 2);
}

TEST_F(EvaluationTest, FailsOnMissingFiles) {
  config_.test = dir_.File("none.csv");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kNotFound, HasSubstr("none.csv")));
  config_.model_dir = dir_.File("none");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kNotFound, HasSubstr("none is not a folder")));
  config_.out = dir_.File("test.csv") + "/out";
  EXPECT_THAT(Run(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("can't make the folder")));
}

TEST_F(EvaluationTest, ReturnsCancelledIfStopIsTrue) {
  stop_ = true;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kCancelled, _));
  EXPECT_FALSE(std::filesystem::exists(config_.out + "/report.json"));
}

TEST(EvaluationConfigTest, NamesTheFirstBadField) {
  EvaluationConfig valid;
  valid.model_dir = "model";
  valid.test = "test.csv";
  EXPECT_THAT(valid.Validate(), IsOk());
  const struct {
    std::function<void(EvaluationConfig*)> change;
    const char* message;
  } cases[] = {
      {[](EvaluationConfig* c) { c->model_dir = ""; }, "--model_dir is required"},
      {[](EvaluationConfig* c) { c->test = ""; }, "--test is required"},
      {[](EvaluationConfig* c) { c->max_bad_rows = -1; }, "--max_bad_rows is -1; it must be 0 or more"},
      {[](EvaluationConfig* c) { c->threads = -1; }, "--threads is -1; it must be 0 to 1024"},
      {[](EvaluationConfig* c) { c->threads = 1025; }, "--threads is 1025; it must be 0 to 1024"},
      {[](EvaluationConfig* c) { c->precision = "fp8"; }, "precision"},
  };
  for (const auto& test : cases) {
    EvaluationConfig config = valid;
    test.change(&config);
    EXPECT_THAT(config.Validate(), StatusIs(StatusCode::kInvalidArgument, HasSubstr(test.message)));
  }
}

}  // namespace
}  // namespace newsgenre
