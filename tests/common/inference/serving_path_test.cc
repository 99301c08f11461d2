#include "common/inference/serving_path.h"

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

// Two labels; `logit` is the first one's, the other's is 0.
PathCandidate CandidateOf(const std::string& name, Precision precision, double logit) {
  return {name, precision, [=]() -> absl::StatusOr<ReadyPath> {
            const auto forward = [=](const std::vector<const Encoding*>& batch) {
              const at::Tensor logits = at::full({static_cast<int64_t>(batch.size()), 2}, 0.0, at::kFloat);
              logits.select(1, 0).fill_(logit);
              return logits;
            };
            return ReadyPath{forward, {{"ffn", name}}};
          }};
}

PathCandidate FailingCandidate(const absl::Status& status) {
  return {"graphs", Precision::kBf16, [=]() -> absl::StatusOr<ReadyPath> { return status; }};
}

class ChoosePathTest : public testing::Test {
 protected:
  ChoosePathTest() { SetLogStream(&log_); }
  ~ChoosePathTest() override { SetLogStream(nullptr); }

  const DeviationCheck check_{{{{2, 3}}, {{2, 7, 3}}}, {{0.5f, 0.5f}, {0.5f, 0.5f}}};
  std::ostringstream log_;
};

TEST_F(ChoosePathTest, TakesTheFirstThatAgrees) {
  ASSERT_OK_AND_ASSIGN(const ChosenPath chosen, ChoosePath({CandidateOf("engine", Precision::kInt8, 0.1),
                                                            CandidateOf("plain", Precision::kFp32, 0)},
                                                           check_));
  EXPECT_EQ(chosen.candidate.name, "engine");
  EXPECT_THAT(chosen.path.kernels, SizeIs(1));
  EXPECT_NEAR(chosen.path.drift, 0.025, 1e-3);
  EXPECT_THAT(log_.str(), IsEmpty());
}

TEST_F(ChoosePathTest, RefusesAPathThatDriftsAndSaysSoOnce) {
  ASSERT_OK_AND_ASSIGN(const ChosenPath chosen, ChoosePath({CandidateOf("engine", Precision::kInt8, 1.0),
                                                            CandidateOf("plain", Precision::kFp32, 0)},
                                                           check_));
  EXPECT_EQ(chosen.candidate.name, "plain");
  EXPECT_EQ(chosen.candidate.precision, Precision::kFp32);
  const std::string log = log_.str();
  EXPECT_THAT(
      log, AllOf(HasSubstr("WARNING"), HasSubstr("\"path\":\"engine\""), HasSubstr("\"precision\":\"int8\""),
                 HasSubstr("a probability is 0.23 from"), HasSubstr("the limit for int8 is 0.1")));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
}

TEST_F(ChoosePathTest, ABoundGoesByPrecision) {
  const auto choose = [&](Precision precision) {
    return ChoosePath({CandidateOf("engine", precision, 0.05), CandidateOf("plain", Precision::kFp32, 0)},
                      check_)
        ->candidate.name;
  };
  EXPECT_EQ(choose(Precision::kFp32), "plain");
  EXPECT_EQ(choose(Precision::kBf16), "engine");
}

TEST_F(ChoosePathTest, RefusesWhatIsNotANumber) {
  ASSERT_OK_AND_ASSIGN(
      const ChosenPath chosen,
      ChoosePath({CandidateOf("engine", Precision::kInt8, std::numeric_limits<double>::quiet_NaN()),
                  CandidateOf("plain", Precision::kFp32, 0)},
                 check_));
  EXPECT_EQ(chosen.candidate.name, "plain");
  EXPECT_THAT(log_.str(), HasSubstr("not numbers"));
}

TEST_F(ChoosePathTest, PassesOverWhatCannotBeMade) {
  ASSERT_OK_AND_ASSIGN(const ChosenPath chosen,
                       ChoosePath({FailingCandidate(absl::ResourceExhaustedError("no memory for graphs")),
                                   CandidateOf("engine", Precision::kBf16, 0)},
                                  check_));
  EXPECT_EQ(chosen.candidate.name, "engine");
  EXPECT_THAT(log_.str(), HasSubstr("no memory for graphs"));
}

TEST_F(ChoosePathTest, NamesTheLastWhereNoneIsLeft) {
  EXPECT_THAT(
      ChoosePath({CandidateOf("engine", Precision::kBf16, 1), CandidateOf("plain", Precision::kFp32, 1)},
                 check_)
          .status(),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("path plain in fp32"), HasSubstr("the limit for fp32 is 0.001"))));
}

TEST_F(ChoosePathTest, WithNothingToCheckTakesTheFirst) {
  ASSERT_OK_AND_ASSIGN(const ChosenPath chosen,
                       ChoosePath({CandidateOf("engine", Precision::kBf16, 1)}, DeviationCheck()));
  EXPECT_EQ(chosen.candidate.name, "engine");
}

TEST(CandidatesForTest, OnTheCpuAreTheEngineAndThePlainPath) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, TinyCheckpoint());
  ClassifierOptions options;
  const auto best = CandidatesFor(checkpoint.model, Precision::kInt8, options);
  ASSERT_THAT(best, SizeIs(2));
  EXPECT_EQ(best[0].name, "engine");
  EXPECT_EQ(best[0].precision, Precision::kInt8);
  EXPECT_EQ(best[1].name, "plain");
  EXPECT_EQ(best[1].precision, Precision::kFp32);
  ASSERT_OK_AND_ASSIGN(const ReadyPath engine, best[0].make());
  EXPECT_THAT(engine.kernels, Not(IsEmpty()));
  ASSERT_OK_AND_ASSIGN(const ReadyPath plain, best[1].make());
  EXPECT_THAT(plain.kernels, IsEmpty());

  options.path = ServingPath::kPlain;
  const auto only_plain = CandidatesFor(checkpoint.model, Precision::kInt8, options);
  ASSERT_THAT(only_plain, SizeIs(1));
  EXPECT_EQ(only_plain[0].name, "plain");
}

}  // namespace
}  // namespace newsgenre
