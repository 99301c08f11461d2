#include "tests/bench/load_generator/results.h"

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

Call Succeeded(double scheduled, double sent, double finished) {
  Call call;
  call.scheduled = scheduled;
  call.sent = sent;
  call.finished = finished;
  call.ok = true;
  return call;
}

Call Failed(double scheduled, double finished) {
  Call call = Succeeded(scheduled, scheduled, finished);
  call.ok = false;
  return call;
}

Call Unfinished(double scheduled) { return Failed(scheduled, kNever); }

Call NeverSent(double scheduled) {
  Call call;
  call.scheduled = scheduled;
  return call;
}

TEST(PercentileTest, IsTheNearestRank) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(Percentile(values, 0.5), 5);
  EXPECT_EQ(Percentile(values, 0.51), 6);
  EXPECT_EQ(Percentile(values, 0.95), 10);
  EXPECT_EQ(Percentile(values, 0.9), 9);
  EXPECT_EQ(Percentile(values, 1), 10);
  EXPECT_EQ(Percentile(values, 0), 1);
  EXPECT_EQ(Percentile({7}, 0.999), 7);
}

TEST(PercentileTest, IsNeverWithoutValues) { EXPECT_EQ(Percentile({}, 0.5), kNever); }

TEST(MeasureTest, CountsEachCallInTheWindowOnce) {
  const std::vector<Call> calls = {Succeeded(0.5, 0.5, 0.6), Succeeded(1, 1, 1.1),     Failed(1.2, 1.3),
                                   Unfinished(1.4),          Succeeded(1.9, 1.9, 2.5), Succeeded(2, 2, 2.1)};
  const Results results = Measure(calls, {1, 2, true});
  EXPECT_EQ(results.sent, 6u);
  EXPECT_EQ(results.ok, 2u);
  EXPECT_EQ(results.failed, 1u);
  EXPECT_EQ(results.unfinished, 1u);
  EXPECT_EQ(results.measured.size(), 4u);
}

TEST(MeasureTest, SelectsClosedLoopCallsByTheirEnd) {
  const std::vector<Call> calls = {Succeeded(0.5, 0.5, 1.5), Succeeded(1.5, 1.5, 2.5), Unfinished(0.2)};
  const Results results = Measure(calls, {1, 2, false});
  EXPECT_EQ(results.ok, 1u);
  EXPECT_EQ(results.unfinished, 1u) << "a closed loop counts calls without a response";
  EXPECT_THAT(results.latencies, ElementsAre(1.0, kNever));
}

TEST(MeasureTest, LatencyStartsAtTheDueTime) {
  const Results results = Measure({Succeeded(1.0, 1.25, 1.5)}, {1, 2, true});
  EXPECT_THAT(results.latencies, ElementsAre(0.5));
}

TEST(MeasureTest, AFailedCallHasAnInfiniteLatency) {
  const Results results = Measure({Failed(1, 1.001), Succeeded(1, 1, 1.5), Unfinished(1)}, {1, 2, true});
  EXPECT_THAT(results.latencies, ElementsAre(0.5, kNever, kNever));
}

TEST(MeasureTest, CountsCallsSentLate) {
  const Results results =
      Measure({Succeeded(1, 1.0005, 1.5), Succeeded(1.1, 1.5, 1.6), Succeeded(1.2, 1.25, 1.3)}, {1, 2, true});
  EXPECT_EQ(results.sent_late, 2u);
  EXPECT_DOUBLE_EQ(results.worst_delay, 0.4);
}

TEST(MeasureTest, CountsACallThatWasNeverSentAsUnfinished) {
  const Results results = Measure({NeverSent(1.5)}, {1, 2, true});
  EXPECT_EQ(results.sent, 0u);
  EXPECT_EQ(results.unfinished, 1u);
  EXPECT_EQ(results.sent_late, 0u);
}

TEST(MeasureTest, TheRateCountsCallsThatFinishedInTheWindow) {
  const std::vector<Call> calls = {Succeeded(0, 0, 1.5), Succeeded(1, 1, 2), Succeeded(2, 2, 3.5),
                                   Failed(2, 2.5)};
  EXPECT_DOUBLE_EQ(Measure(calls, {1, 3, true}).calls_per_second, 1) << "two responses in two seconds";
}

TEST(ToJsonTest, HasEverySample) {
  Call second = Succeeded(1.5, 1.5, 1.75);
  second.text = 3;
  const Window window{1, 2, true};
  const auto json = ToJson(Measure({Succeeded(1, 1, 1.0015), second, Unfinished(1.6)}, window), window);
  EXPECT_EQ(json["samples"].dump(), "[[0,1.5,1.5],[3,250.0,750.0],[0,null,null]]");
  EXPECT_EQ(json["p50_ms"], 250);
  EXPECT_TRUE(json["p95_ms"].is_null()) << "one of three calls has no response";
  EXPECT_EQ(json["ok"], 2);
  EXPECT_EQ(json["unfinished"], 1);
}

TEST(ToJsonTest, HasAHistogramForManyCalls) {
  std::vector<Call> calls(30000, Succeeded(1, 1, 1.01));
  calls.resize(30010, Failed(1, 1));
  const Window window{1, 2, true};
  const auto json = ToJson(Measure(calls, window), window);
  EXPECT_FALSE(json.contains("samples"));
  ASSERT_EQ(json["histogram"].size(), 2u);
  EXPECT_NEAR(json["histogram"][0][0].get<double>(), 10, 0.1);
  EXPECT_EQ(json["histogram"][0][1], 30000);
  EXPECT_TRUE(json["histogram"][1][0].is_null());
  EXPECT_EQ(json["histogram"][1][1], 10);
}

}  // namespace
}  // namespace newsgenre
