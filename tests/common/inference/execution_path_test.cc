#include "common/inference/execution_path.h"

#include <ATen/ops/full.h>

#include <limits>
#include <sstream>

#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Returns the logits `logit` and 0 for each text.
class ConstantForward : public Forward {
 public:
  explicit ConstantForward(double logit) : logit_(logit) {}

  at::Tensor Logits(const std::vector<const Encoding*>& batch) const override {
    const at::Tensor logits = at::full({static_cast<int64_t>(batch.size()), 2}, 0.0, at::kFloat);
    logits.select(1, 0).fill_(logit_);
    return logits;
  }

 private:
  const double logit_;
};

ExecutionPathCandidate CandidateOf(const std::string& name, Precision precision, double logit) {
  return {name, precision, [=](ExecutionPath* path) {
            path->forward = std::make_shared<const ConstantForward>(logit);
            path->kernels = {{"ffn", name}};
            return absl::OkStatus();
          }};
}

ExecutionPathCandidate FailingCandidate(const absl::Status& status) {
  return {"graphs", Precision::kBf16, [=](ExecutionPath*) { return status; }};
}

class ChooseExecutionPathTest : public testing::Test {
 protected:
  ChooseExecutionPathTest() { SetLogStream(&log_); }
  ~ChooseExecutionPathTest() override { SetLogStream(nullptr); }

  const DeviationCheck check_{{{{2, 3}}, {{2, 7, 3}}}, {{0.5f, 0.5f}, {0.5f, 0.5f}}};
  std::ostringstream log_;
};

TEST_F(ChooseExecutionPathTest, ReturnsTheFirstWithinTolerance) {
  ASSERT_OK_AND_ASSIGN(
      const ExecutionPath path,
      ChooseExecutionPath(
          {CandidateOf("engine", Precision::kInt8, 0.1), CandidateOf("plain", Precision::kFp32, 0)}, check_));
  EXPECT_EQ(path.name, "engine");
  EXPECT_THAT(path.kernels, SizeIs(1));
  EXPECT_NEAR(path.deviation, 0.025, 1e-3);
  EXPECT_THAT(log_.str(), IsEmpty());
}

TEST_F(ChooseExecutionPathTest, RefusesAPathThatDeviatesAndLogsItOnce) {
  ASSERT_OK_AND_ASSIGN(
      const ExecutionPath path,
      ChooseExecutionPath(
          {CandidateOf("engine", Precision::kInt8, 1.0), CandidateOf("plain", Precision::kFp32, 0)}, check_));
  EXPECT_EQ(path.name, "plain");
  EXPECT_EQ(path.precision, Precision::kFp32);
  const std::string log = log_.str();
  EXPECT_THAT(
      log, AllOf(HasSubstr("WARNING"), HasSubstr("\"path\":\"engine\""), HasSubstr("\"precision\":\"int8\""),
                 HasSubstr("a probability differs by 0.23 from"), HasSubstr("the limit for int8 is 0.1")));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
}

TEST_F(ChooseExecutionPathTest, TheToleranceDependsOnThePrecision) {
  const auto choose = [&](Precision precision) {
    return ChooseExecutionPath(
               {CandidateOf("engine", precision, 0.05), CandidateOf("plain", Precision::kFp32, 0)}, check_)
        ->name;
  };
  EXPECT_EQ(choose(Precision::kFp32), "plain");
  EXPECT_EQ(choose(Precision::kBf16), "engine");
}

TEST_F(ChooseExecutionPathTest, RefusesProbabilitiesThatAreNotNumbers) {
  ASSERT_OK_AND_ASSIGN(
      const ExecutionPath path,
      ChooseExecutionPath({CandidateOf("engine", Precision::kInt8, std::numeric_limits<double>::quiet_NaN()),
                           CandidateOf("plain", Precision::kFp32, 0)},
                          check_));
  EXPECT_EQ(path.name, "plain");
  EXPECT_THAT(log_.str(), HasSubstr("not numbers"));
}

TEST_F(ChooseExecutionPathTest, SkipsAPathThatCannotBeBuilt) {
  ASSERT_OK_AND_ASSIGN(
      const ExecutionPath path,
      ChooseExecutionPath({FailingCandidate(absl::ResourceExhaustedError("no memory for graphs")),
                           CandidateOf("engine", Precision::kBf16, 0)},
                          check_));
  EXPECT_EQ(path.name, "engine");
  EXPECT_THAT(log_.str(), HasSubstr("no memory for graphs"));
}

TEST_F(ChooseExecutionPathTest, ReturnsTheLastErrorIfAllAreRefused) {
  EXPECT_THAT(
      ChooseExecutionPath(
          {CandidateOf("engine", Precision::kBf16, 1), CandidateOf("plain", Precision::kFp32, 1)}, check_)
          .status(),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("path plain in fp32"), HasSubstr("the limit for fp32 is 0.001"))));
}

TEST_F(ChooseExecutionPathTest, ReturnsTheFirstIfThereIsNothingToCheck) {
  ASSERT_OK_AND_ASSIGN(const ExecutionPath path,
                       ChooseExecutionPath({CandidateOf("engine", Precision::kBf16, 1)}, DeviationCheck()));
  EXPECT_EQ(path.name, "engine");
}

TEST(CandidatesForTest, AreTheNetworkAndThePlainPathOnTheCpu) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, TinyCheckpoint());
  ClassifierOptions options;
  const auto best = CandidatesFor(checkpoint.model, Precision::kInt8, options);
  ASSERT_THAT(best, SizeIs(2));
  EXPECT_EQ(best[0].name, "engine");
  EXPECT_EQ(best[0].precision, Precision::kInt8);
  EXPECT_EQ(best[1].name, "plain");
  EXPECT_EQ(best[1].precision, Precision::kFp32);
  ExecutionPath engine, plain;
  EXPECT_THAT(best[0].build(&engine), IsOk());
  EXPECT_THAT(engine.kernels, Not(IsEmpty()));
  EXPECT_THAT(best[1].build(&plain), IsOk());
  EXPECT_THAT(plain.kernels, IsEmpty());

  options.path = ServingPath::kPlain;
  const auto only_plain = CandidatesFor(checkpoint.model, Precision::kInt8, options);
  ASSERT_THAT(only_plain, SizeIs(1));
  EXPECT_EQ(only_plain[0].name, "plain");
}

}  // namespace
}  // namespace newsgenre
