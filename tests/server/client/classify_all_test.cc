#include "server/client/classify_all.h"

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "server/client/connection.h"
#include "tests/server/client/fake_classifier_service.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Results = std::map<size_t, absl::StatusOr<v1::ClassifyResponse>>;

CallOptions FastOptions(size_t max_in_flight) {
  CallOptions options;
  options.max_in_flight = max_in_flight;
  options.first_backoff = milliseconds(1);
  return options;
}

v1::ClassifyRequest Text(size_t index) {
  v1::ClassifyRequest request;
  request.set_text(std::to_string(index));
  return request;
}

// Classifies the texts "0", "1", … and returns their results by index. Appends the indexes to `order` as the
// results arrive.
Results Classify(const FakeClassifierService& service, size_t count, const CallOptions& options,
                 std::vector<size_t>* order = nullptr) {
  auto connection = Connect(service.address(), milliseconds(10000));
  EXPECT_THAT(connection, IsOk());
  Results results;
  const auto on_result = [&](size_t index, absl::StatusOr<v1::ClassifyResponse> result) {
    if (order != nullptr) order->push_back(index);
    EXPECT_TRUE(results.emplace(index, std::move(result)).second) << "two results for text " << index;
    return absl::OkStatus();
  };
  EXPECT_THAT(ClassifyAll(connection->stub.get(), count, Text, options, on_result), IsOk());
  return results;
}

TEST(ClassifyAllTest, SendsNothingForZeroTexts) {
  FakeClassifierService service;
  EXPECT_TRUE(Classify(service, 0, FastOptions(4)).empty());
}

TEST(ClassifyAllTest, ReturnsTheResultOfEachText) {
  FakeClassifierService service([](const std::string& text, v1::ClassifyResponse* response) {
    response->set_label("label of " + text);
    return grpc::Status::OK;
  });
  const Results results = Classify(service, 300, FastOptions(16));
  ASSERT_EQ(results.size(), 300u);
  for (const auto& [index, result] : results) {
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->label(), "label of " + std::to_string(index));
  }
}

TEST(ClassifyAllTest, ASlowTextDoesNotBlockTheOthers) {
  std::promise<void> second_answered;
  std::shared_future<void> wait(second_answered.get_future());
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    if (text == "0") wait.wait();
    if (text == "4") second_answered.set_value();  // sent only after 1, 2 or 3 was answered
    return FakeClassifierService::RespondSports(text, response);
  });
  std::vector<size_t> order;
  const Results results = Classify(service, 5, FastOptions(2), &order);
  ASSERT_EQ(results.size(), 5u);
  for (const auto& [index, result] : results) EXPECT_THAT(result, IsOk()) << index;
  EXPECT_NE(order.front(), 0u);
}

TEST(ClassifyAllTest, KeepsMaxInFlightCallsInFlight) {
  constexpr int kLimit = 4;
  Mutex mutex;
  CondVar changed;
  int inside = 0, most = 0, arrived = 0;
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    MutexLock lock(&mutex);
    most = std::max(most, ++inside);
    ++arrived;
    changed.NotifyAll();
    while (arrived < kLimit) changed.Wait(&mutex);  // the first kLimit calls wait for each other
    --inside;
    return FakeClassifierService::RespondSports(text, response);
  });
  EXPECT_EQ(Classify(service, 100, FastOptions(kLimit)).size(), 100u);
  EXPECT_EQ(most, kLimit);
}

TEST(ClassifyAllTest, RetriesOnResourceExhaustedAndUnavailable) {
  CallCounter counter;
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    const int call = counter.Count(text);
    if (text == "1" && call <= 3) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
    if (text == "2" && call <= 2) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "stopping");
    return FakeClassifierService::RespondSports(text, response);
  });
  const Results results = Classify(service, 4, FastOptions(4));
  for (const auto& [index, result] : results) EXPECT_THAT(result, IsOk()) << index;
  EXPECT_EQ(counter.Count("0"), 1 + 1);
  EXPECT_EQ(counter.Count("1"), 4 + 1);
  EXPECT_EQ(counter.Count("2"), 3 + 1);
}

TEST(ClassifyAllTest, SendsNoTextMoreThanMaxAheadOfTheOldest) {
  constexpr int kAhead = 8;
  Mutex mutex;
  bool furthest_arrived = false, first_answered = false;
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    MutexLock lock(&mutex);
    if (text == "0" && !furthest_arrived) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
    if (text == "0") first_answered = true;
    if (text == std::to_string(kAhead)) furthest_arrived = true;
    EXPECT_TRUE(first_answered || std::stoi(text) <= kAhead) << text;
    return FakeClassifierService::RespondSports(text, response);
  });
  CallOptions options = FastOptions(4);
  options.max_ahead = kAhead;
  const Results results = Classify(service, 50, options);
  ASSERT_EQ(results.size(), 50u);
  for (const auto& [index, result] : results) EXPECT_THAT(result, IsOk()) << index;
}

TEST(ClassifyAllTest, StopsAtAnErrorOfTheCallback) {
  std::atomic<int> calls{0};
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    ++calls;
    if (text == "0") return grpc::Status(grpc::StatusCode::UNAVAILABLE, "retried while the others run");
    return FakeClassifierService::RespondSports(text, response);
  });
  auto connection = Connect(service.address(), milliseconds(10000));
  ASSERT_THAT(connection, IsOk());
  CallOptions options = FastOptions(4);
  options.first_backoff = milliseconds(2000);
  int results = 0;
  EXPECT_THAT(ClassifyAll(
                  connection->stub.get(), 1000, [](size_t index) { return Text(index); }, options,
                  [&](size_t, const absl::StatusOr<v1::ClassifyResponse>&) {
                    return ++results < 3 ? absl::OkStatus() : absl::UnknownError("the disk is full");
                  }),
              StatusIs(absl::StatusCode::kUnknown, "the disk is full"));
  EXPECT_EQ(results, 3);
  EXPECT_LE(calls, 3 + 4);
}

TEST(ClassifyAllTest, ReturnsTheLastErrorAfterTheTimeout) {
  FakeClassifierService service([](const std::string&, v1::ClassifyResponse*) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  });
  CallOptions options = FastOptions(2);
  options.first_backoff = milliseconds(40);
  options.timeout = milliseconds(200);
  const Results results = Classify(service, 2, options);
  for (const auto& [index, result] : results) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("full (after ")));
  }
}

TEST(ClassifyAllTest, DoesNotRetryAnInvalidText) {
  CallCounter counter;
  FakeClassifierService service([&](const std::string& text, v1::ClassifyResponse* response) {
    counter.Count(text);
    if (text == "1") return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "text is empty");
    return FakeClassifierService::RespondSports(text, response);
  });
  const Results results = Classify(service, 3, FastOptions(4));
  EXPECT_THAT(results.at(0), IsOk());
  EXPECT_THAT(results.at(1), StatusIs(absl::StatusCode::kInvalidArgument, "text is empty"));
  EXPECT_THAT(results.at(2), IsOk());
  EXPECT_EQ(counter.Count("1"), 1 + 1);
}

TEST(RetryDelayTest, DoublesUpToTwoSeconds) {
  std::vector<int64_t> delays;
  for (int attempt = 1; attempt <= 8; ++attempt) {
    delays.push_back(RetryDelay(attempt, 0, milliseconds(100)).count());
  }
  EXPECT_THAT(delays, ElementsAre(50, 100, 200, 400, 800, 1000, 1000, 1000));
  EXPECT_EQ(RetryDelay(1000000, 0, milliseconds(100)), milliseconds(1000));
}

TEST(RetryDelayTest, IsSpreadOverHalfTheBackoff) {
  EXPECT_EQ(RetryDelay(1, 0, milliseconds(320)), milliseconds(160));
  EXPECT_EQ(RetryDelay(1, 8, milliseconds(320)), milliseconds(240));
  EXPECT_EQ(RetryDelay(1, 15, milliseconds(320)), milliseconds(310));
  EXPECT_EQ(RetryDelay(1, 16, milliseconds(320)), milliseconds(160));
}

}  // namespace
}  // namespace newsgenre
