#include "server/classifier/self_test.h"

#include <limits>
#include <sstream>

#include "common/device/machine.h"
#include "gmock/gmock.h"
#include "server/classifier/self_test_table.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

PathResult GoodResult() {
  PathResult result;
  result.device = "cuda:0";
  result.precision = "bf16";
  result.path = "graphs";
  result.difference = 0.0034;
  result.bound = 0.02;
  result.from_eager = 0.0;
  result.texts_per_second = {1234.4, 9876.5, 31415.9, std::nullopt};
  result.tokens_per_second = 1696458.6;
  result.product_teraflops = 512.34;
  return result;
}

TEST(SelfTestTableTest, PassesWithinTheBound) {
  PathResult result = GoodResult();
  EXPECT_TRUE(Passed(result));
  result.difference = result.bound;
  EXPECT_TRUE(Passed(result));
  result.difference = 0.021;
  EXPECT_FALSE(Passed(result));
  result.difference = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Passed(result));
}

TEST(SelfTestTableTest, FailsIfItDeviatesFromTheEagerPath) {
  PathResult result = GoodResult();
  result.from_eager = 0.021;
  EXPECT_FALSE(Passed(result));
  result.from_eager = std::nullopt;
  EXPECT_TRUE(Passed(result));
}

TEST(SelfTestTableTest, FailsIfThePathDidNotRun) {
  PathResult result = GoodResult();
  result.error = "out of memory";
  EXPECT_FALSE(Passed(result));
  EXPECT_EQ(SelfTestRow(result), "cuda:0  bf16      graphs  MISS  out of memory\n");
}

TEST(SelfTestTableTest, AlignsItsColumns) {
  PathResult plain;
  plain.device = "cpu";
  plain.precision = "int8";
  plain.path = "engine";
  plain.difference = 0.5;
  plain.bound = 0.05;
  plain.texts_per_second = {0.94, 12.34, std::nullopt, std::nullopt};
  plain.tokens_per_second = 652.3;
  plain.product_teraflops = 0.254;
  // clang-format off
  EXPECT_EQ(SelfTestHeader() + SelfTestRow(GoodResult()) + SelfTestRow(plain),
"                          from fp32      from                   texts/s in batches of                                products\n"
"device  precision path       on CPU     eager     bound                1         8        32       128     tokens/s   TFLOP/s\n"
"cuda:0  bf16      graphs    3.4e-03   0.0e+00   2.0e-02    ok      1,234     9,876    31,416         -    1,696,459       512\n"
"cpu     int8      engine    5.0e-01         -   5.0e-02  MISS       0.94      12.3         -         -          652      0.25\n");
  // clang-format on
}

TEST(SelfTestTableTest, TheVerdictNamesThePathsThatFailed) {
  PathResult bad = GoodResult();
  bad.path = "eager";
  bad.difference = 1;
  EXPECT_EQ(SelfTestVerdict({GoodResult()}), "1 path, within its bound\n");
  EXPECT_EQ(SelfTestVerdict({GoodResult(), GoodResult()}), "2 paths, all within their bounds\n");
  EXPECT_EQ(SelfTestVerdict({GoodResult(), bad}), "1 of 2 paths failed: cuda:0 bf16 eager\n");
}

class RunSelfTestTest : public testing::Test {
 protected:
  absl::StatusOr<bool> Run(const std::string& device) {
    options_.device = device;
    options_.threads_per_worker = 1;
    return RunSelfTest(options_, /*seconds_per_rate=*/0, out_);
  }
  const TempDir dir_;
  ClassifierModelOptions options_;
  std::ostringstream out_;
};

TEST_F(RunSelfTestTest, TestsThePathsOfTheCpu) {
  ASSERT_THAT(PublishTinyModel(dir_.path()), IsOk());
  options_.model_dir = dir_.path();
  ASSERT_OK_AND_ASSIGN(const bool passed, Run("cpu"));
  EXPECT_TRUE(passed) << out_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("model   " + dir_.path()), ContainsRegex("\ncpu +fp32 +engine .* ok "),
                    ContainsRegex("\ncpu +bf16 +engine .* ok "), ContainsRegex("\ncpu +int8 +engine .* ok "),
                    HasSubstr("3 paths, all within their bounds"), Not(HasSubstr("GPU"))));
}

TEST_F(RunSelfTestTest, ReportsThatThereIsNoGpu) {
  if (DescribeMachine("cuda:0").ok()) GTEST_SKIP() << "there is a GPU";
  ASSERT_THAT(PublishTinyModel(dir_.path()), IsOk());
  options_.model_dir = dir_.path();
  EXPECT_THAT(Run("cuda:0"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:0")));
  ASSERT_OK_AND_ASSIGN(const bool passed, Run("auto"));
  EXPECT_TRUE(passed);
  EXPECT_THAT(out_.str(), HasSubstr("no GPU was found: "));
}

TEST_F(RunSelfTestTest, NamesAModelThatDoesNotLoad) {
  options_.model_dir = dir_.File("absent");
  EXPECT_THAT(Run("cpu"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

}  // namespace
}  // namespace newsgenre
