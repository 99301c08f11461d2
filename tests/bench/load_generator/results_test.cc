#include "tests/bench/load_generator/results.h"

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

Call Answered(double scheduled, double sent, double finished) { return {0, scheduled, sent, finished, true}; }
Call Failed(double scheduled, double finished) { return {0, scheduled, scheduled, finished, false}; }
Call Unanswered(double scheduled) { return {0, scheduled, scheduled, kNever, false}; }

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

TEST(PercentileTest, OfNothingIsNever) { EXPECT_EQ(Percentile({}, 0.5), kNever); }

TEST(MeasureTest, CountsEachCallOfTheWindowOnce) {
  const std::vector<Call> calls = {Answered(0.5, 0.5, 0.6), Answered(1, 1, 1.1),     Failed(1.2, 1.3),
                                   Unanswered(1.4),         Answered(1.9, 1.9, 2.5), Answered(2, 2, 2.1)};
  const Results results = Measure(calls, {1, 2, true});
  EXPECT_EQ(results.sent, 6u);
  EXPECT_EQ(results.ok, 2u);
  EXPECT_EQ(results.failed, 1u);
  EXPECT_EQ(results.unfinished, 1u);
  EXPECT_EQ(results.measured.size(), 4u);
}

TEST(MeasureTest, TakesAClosedLoopsCallsByTheirEnd) {
  const std::vector<Call> calls = {Answered(0.5, 0.5, 1.5), Answered(1.5, 1.5, 2.5), Unanswered(0.2)};
  const Results results = Measure(calls, {1, 2, false});
  EXPECT_EQ(results.ok, 1u);
  EXPECT_EQ(results.unfinished, 1u) << "a closed loop's caller that never hears is not forgotten";
  EXPECT_THAT(results.latencies, ElementsAre(1.0, kNever));
}

TEST(MeasureTest, LatencyCountsFromTheTimeAtWhichTheCallWasDue) {
  const Results results = Measure({Answered(1.0, 1.25, 1.5)}, {1, 2, true});
  EXPECT_THAT(results.latencies, ElementsAre(0.5));
}

TEST(MeasureTest, AFailureIsNoFastAnswer) {
  const Results results = Measure({Failed(1, 1.001), Answered(1, 1, 1.5), Unanswered(1)}, {1, 2, true});
  EXPECT_THAT(results.latencies, ElementsAre(0.5, kNever, kNever));
}

TEST(MeasureTest, TellsWhereTheGeneratorIsBehind) {
  const Results results =
      Measure({Answered(1, 1.0005, 1.5), Answered(1.1, 1.5, 1.6), Answered(1.2, 1.25, 1.3)}, {1, 2, true});
  EXPECT_EQ(results.sent_late, 2u);
  EXPECT_DOUBLE_EQ(results.worst_delay, 0.4);
}

TEST(MeasureTest, ACallThatWasNeverSentIsUnfinished) {
  const Results results = Measure({{0, 1.5, kNever, kNever, false}}, {1, 2, true});
  EXPECT_EQ(results.sent, 0u);
  EXPECT_EQ(results.unfinished, 1u);
  EXPECT_EQ(results.sent_late, 0u);
}

TEST(MeasureTest, TheRateIsWhatWasAnsweredWithinTheWindow) {
  const std::vector<Call> calls = {Answered(0, 0, 1.5), Answered(1, 1, 2), Answered(2, 2, 3.5),
                                   Failed(2, 2.5)};
  EXPECT_DOUBLE_EQ(Measure(calls, {1, 3, true}).calls_per_second, 1) << "two answers in two seconds";
}

TEST(ToJsonTest, HoldsEverySample) {
  Call second = Answered(1.5, 1.5, 1.75);
  second.text = 3;
  const Window window{1, 2, true};
  const auto json = ToJson(Measure({Answered(1, 1, 1.0015), second, Unanswered(1.6)}, window), window);
  EXPECT_EQ(json["samples"].dump(), "[[0,1.5,1.5],[3,250.0,750.0],[0,null,null]]");
  EXPECT_EQ(json["p50_ms"], 250);
  EXPECT_TRUE(json["p95_ms"].is_null()) << "one in three never came";
  EXPECT_EQ(json["ok"], 2);
  EXPECT_EQ(json["unfinished"], 1);
}

TEST(ToJsonTest, ManySamplesBecomeAHistogram) {
  std::vector<Call> calls(30000, Answered(1, 1, 1.01));
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
