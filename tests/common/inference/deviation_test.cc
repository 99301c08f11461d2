#include "common/inference/deviation.h"

#include <limits>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Returns each text's length and the batch's size instead of probabilities.
absl::StatusOr<ProbabilityRows> Lengths(const std::vector<const Encoding*>& batch) {
  ProbabilityRows rows;
  for (const Encoding* text : batch) {
    rows.push_back({static_cast<float>(text->ids.size()), static_cast<float>(batch.size())});
  }
  return rows;
}

TEST(PredictAloneAndTogetherTest, PredictsEachTextAloneAndThenAllTogether) {
  const std::vector<Encoding> texts = {{{2, 3}}, {{2, 7, 3}}};
  ASSERT_OK_AND_ASSIGN(const ProbabilityRows alone, PredictAlone(Lengths, texts));
  EXPECT_THAT(alone, ElementsAre(ElementsAre(2, 1), ElementsAre(3, 1)));
  ASSERT_OK_AND_ASSIGN(const ProbabilityRows both, PredictAloneAndTogether(Lengths, texts));
  EXPECT_THAT(both, ElementsAre(ElementsAre(2, 1), ElementsAre(3, 1), ElementsAre(2, 2), ElementsAre(3, 2)));
  ASSERT_OK_AND_ASSIGN(const ProbabilityRows none, PredictAloneAndTogether(Lengths, {}));
  EXPECT_THAT(none, ElementsAre());
}

TEST(PredictAloneTest, ReturnsTheErrorOfThePredictor) {
  const auto broken = [](const std::vector<const Encoding*>&) -> absl::StatusOr<ProbabilityRows> {
    return absl::InternalError("broke");
  };
  EXPECT_THAT(PredictAlone(broken, {{{2, 3}}}), StatusIs(absl::StatusCode::kInternal, HasSubstr("broke")));
}

TEST(LargestDeviationTest, IsTheMaximumOverTextsAndLabels) {
  EXPECT_EQ(LargestDeviation({}, {}), 0);
  EXPECT_EQ(LargestDeviation({{0.5f, 0.5f}}, {{0.5f, 0.5f}}), 0);
  EXPECT_THAT(LargestDeviation({{0.5f, 0.5f}, {0.2f, 0.8f}}, {{0.6f, 0.4f}, {0.5f, 0.5f}}),
              DoubleNear(0.3, 1e-6));
}

TEST(LargestDeviationTest, ComparesEachRoundWithTheExpectedRows) {
  const ProbabilityRows expected = {{0.1f, 0.9f}, {0.7f, 0.3f}};
  EXPECT_EQ(LargestDeviation({{0.1f, 0.9f}, {0.7f, 0.3f}, {0.1f, 0.9f}, {0.7f, 0.3f}}, expected), 0);
  EXPECT_THAT(LargestDeviation({{0.1f, 0.9f}, {0.7f, 0.3f}, {0.1f, 0.9f}, {0.1f, 0.9f}}, expected),
              DoubleNear(0.6, 1e-6));
}

TEST(LargestDeviationTest, IsInfiniteForANaNOrAnotherNumberOfLabels) {
  EXPECT_EQ(LargestDeviation({{kNaN, 0.5f}}, {{0.5f, 0.5f}}), kInfinity);
  EXPECT_EQ(LargestDeviation({{0.5f, 0.5f}}, {{0.5f, kNaN}}), kInfinity);
  EXPECT_EQ(LargestDeviation({{0.5f}}, {{0.5f, 0.5f}}), kInfinity);
}

TEST(ToleranceTest, GrowsWithFewerBits) {
  EXPECT_LT(Tolerance(Precision::kFp32), Tolerance(Precision::kFp16));
  EXPECT_LE(Tolerance(Precision::kFp16), Tolerance(Precision::kBf16));
  EXPECT_LT(Tolerance(Precision::kBf16), Tolerance(Precision::kInt8));
}

}  // namespace
}  // namespace newsgenre
