#include "trainer/data/predict_rows.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::ElementsAre;
using testing::IsEmpty;

class PredictRowsTest : public testing::Test {
 protected:
  // Returns each row's index as its prediction.
  absl::StatusOr<ProbabilityRows> Predict(const RowBatch& rows) {
    batches_.push_back(rows);
    ProbabilityRows probabilities;
    for (const int32_t row : rows) probabilities.push_back({static_cast<float>(row)});
    return probabilities;
  }

  std::atomic<bool> stop_{false};
  std::vector<RowBatch> batches_;
};

TEST_F(PredictRowsTest, ReturnsPredictionsInRowOrder) {
  ASSERT_OK_AND_ASSIGN(
      const ProbabilityRows predicted,
      PredictRows(
          {3, 9, 5, 9, 4}, {14, 3}, [&](const RowBatch& rows) { return Predict(rows); }, stop_));
  EXPECT_THAT(predicted,
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2), ElementsAre(3), ElementsAre(4)));
  EXPECT_THAT(batches_, ElementsAre(RowBatch{1}, RowBatch{3, 2}, RowBatch{4, 0}));
}

TEST_F(PredictRowsTest, ReturnsNothingWithoutRows) {
  ASSERT_OK_AND_ASSIGN(const ProbabilityRows predicted,
                       PredictRows(
                           {}, {14, 3}, [&](const RowBatch& rows) { return Predict(rows); }, stop_));
  EXPECT_THAT(predicted, IsEmpty());
  EXPECT_THAT(batches_, IsEmpty());
}

TEST_F(PredictRowsTest, ReturnsTheFirstError) {
  const auto fail = [&](const RowBatch& rows) -> absl::StatusOr<ProbabilityRows> {
    if (!batches_.empty()) return absl::ResourceExhaustedError("no memory");
    return Predict(rows);
  };
  EXPECT_THAT(PredictRows({1, 1, 1}, {1, 1}, fail, stop_),
              StatusIs(StatusCode::kResourceExhausted, "no memory"));
  EXPECT_EQ(batches_.size(), 1u);
}

TEST_F(PredictRowsTest, StopsBetweenTwoBatches) {
  const auto predict = [&](const RowBatch& rows) {
    stop_ = batches_.size() == 1;
    return Predict(rows);
  };
  EXPECT_THAT(PredictRows({1, 1, 1, 1}, {1, 1}, predict, stop_), StatusIs(StatusCode::kCancelled, _));
  EXPECT_EQ(batches_.size(), 2u);
}

}  // namespace
}  // namespace newsgenre
