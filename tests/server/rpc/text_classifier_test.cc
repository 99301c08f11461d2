#include "server/rpc/text_classifier.h"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Result = absl::StatusOr<Classification>;

class IgnoreEvents : public BatchObserver {
 public:
  void OnQueueChange(int64_t) override {}
  void OnQueueWaits(const Durations&) override {}
  void OnBatch(int64_t, int64_t) override {}
  void OnReplies(const Durations&) override {}
};

class TextClassifierTest : public testing::Test {
 protected:
  TextClassifierTest() {
    Batcher::Options options;
    options.max_queue_texts = 3;
    batcher_ = std::make_unique<Batcher>(options, &observer_);
    classifier_ = std::make_unique<TextClassifier>(RequestLimits{64, 4}, &models_, batcher_.get());
  }

  void Serve(FakeModel::PredictFunction predict = FakeModel::PredictByLength) {
    models_.Replace(std::make_shared<const FakeModel>("fake-1", std::move(predict)));
  }

  // Returns the result that `done` receives, or the error of TextClassifier::Classify.
  Result Classify(const TextRequest& request, const CallContext& call = {}) {
    const auto result = std::make_shared<std::promise<Result>>();
    const absl::Status started = classifier_->Classify(
        request, call, [=](Result classification) { result->set_value(std::move(classification)); });
    if (!started.ok()) return started;
    return result->get_future().get();
  }
  absl::StatusOr<std::vector<Result>> ClassifyBatch(const std::vector<TextRequest>& requests) {
    const auto results = std::make_shared<std::promise<std::vector<Result>>>();
    const absl::Status started = classifier_->ClassifyBatch(
        requests, {}, [=](std::vector<Result> batch) { results->set_value(std::move(batch)); });
    if (!started.ok()) return started;
    return results->get_future().get();
  }

  IgnoreEvents observer_;
  ModelStore models_;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<TextClassifier> classifier_;
};

TEST_F(TextClassifierTest, ReturnsProbabilitiesLabelAndModel) {
  Serve();
  ASSERT_OK_AND_ASSIGN(const Classification result, Classify({"abc", "", ""}));
  EXPECT_EQ(result.model, models_.Current());
  EXPECT_THAT(result.probabilities, ElementsAre(0.1f, 0.7f, 0.1f, 0.1f));
  EXPECT_EQ(result.label, 1);
  EXPECT_EQ(result.token_count, 5);
  EXPECT_FALSE(result.truncated);
}

TEST_F(TextClassifierTest, AnEmptyBatchHasNoResults) {
  Serve();
  ASSERT_OK_AND_ASSIGN(const std::vector<Result> results, ClassifyBatch({}));
  EXPECT_TRUE(results.empty());
}

TEST_F(TextClassifierTest, JoinsTitleAndBodyAndReportsTruncation) {
  Serve();
  ASSERT_OK_AND_ASSIGN(const Classification joined, Classify({"", "ab", "cd"}));
  EXPECT_EQ(joined.token_count, 7);  // "ab cd" between two special tokens
  ASSERT_OK_AND_ASSIGN(const Classification truncated, Classify({"abcdefghijklmnopqrst", "", ""}));
  EXPECT_TRUE(truncated.truncated);
  EXPECT_EQ(truncated.token_count, 16);
}

TEST_F(TextClassifierTest, ReturnsUnavailableWithoutAModelAndAfterDrain) {
  EXPECT_THAT(classifier_->CurrentModel(),
              StatusIs(absl::StatusCode::kUnavailable, "no model is loaded yet"));
  EXPECT_THAT(Classify({"abc", "", ""}), StatusIs(absl::StatusCode::kUnavailable, "no model is loaded yet"));
  EXPECT_THAT(ClassifyBatch({{"abc", "", ""}}),
              StatusIs(absl::StatusCode::kUnavailable, "no model is loaded yet"));
  Serve();
  batcher_->Drain();
  EXPECT_THAT(Classify({"abc", "", ""}), StatusIs(absl::StatusCode::kUnavailable, "the server is stopping"));
  EXPECT_THAT(ClassifyBatch({{"abc", "", ""}, {"", "", ""}}),
              StatusIs(absl::StatusCode::kUnavailable, "the server is stopping"));
}

TEST_F(TextClassifierTest, ReturnsInvalidArgumentForABadRequest) {
  Serve();
  EXPECT_THAT(Classify({"", "", ""}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 bytes")));
  EXPECT_THAT(Classify({" ", "", ""}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 tokens")));
}

TEST_F(TextClassifierTest, PassesDeadlineAndCancellationToTheBatcher) {
  Serve();
  CallContext expired;
  expired.deadline = Job::Clock::now();
  EXPECT_THAT(Classify({"abc", "", ""}, expired),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("deadline")));
  CallContext cancelled;
  cancelled.cancelled = [] { return true; };
  EXPECT_THAT(Classify({"abc", "", ""}, cancelled),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("caller")));
}

TEST_F(TextClassifierTest, PassesTheModelsErrorOn) {
  Serve([](const std::vector<const Encoding*>&) { return absl::DataLossError("a bad weight"); });
  EXPECT_THAT(Classify({"abc", "", ""}), StatusIs(absl::StatusCode::kDataLoss, "a bad weight"));
}

TEST_F(TextClassifierTest, BatchReturnsAResultPerRequestInOrder) {
  Serve();
  ASSERT_OK_AND_ASSIGN(const std::vector<Result> results,
                       ClassifyBatch({{" ", "", ""}, {"abc", "", ""}, {"", "ab", "cd"}}));
  ASSERT_EQ(results.size(), 3u);
  EXPECT_THAT(results[0], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 tokens")));
  ASSERT_THAT(results[1], IsOk());
  EXPECT_EQ(results[1]->token_count, 5);
  ASSERT_THAT(results[2], IsOk());
  EXPECT_EQ(results[2]->token_count, 7);
}

TEST_F(TextClassifierTest, BatchOfOnlyBadRequestsIsDoneAtOnce) {
  Serve();
  ASSERT_OK_AND_ASSIGN(const std::vector<Result> results, ClassifyBatch({{" ", "", ""}, {"", "", ""}}));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(results[0], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 tokens")));
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 bytes")));
}

TEST_F(TextClassifierTest, AFullQueueRefusesTheWholeBatch) {
  Serve();
  const std::vector<TextRequest> requests(4, TextRequest{"abc", "", ""});  // the queue holds 3
  EXPECT_THAT(ClassifyBatch(requests),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the limit is 3 texts")));
}

}  // namespace
}  // namespace newsgenre
