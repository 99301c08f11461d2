#include "server/metrics/server_metrics.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"
#include "tests/support/metrics_text.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

class ServerMetricsTest : public testing::Test {
 protected:
  double Series(const std::string& series) const {
    return SeriesValue(MetricsText(metrics_.collectables()), series);
  }

  ServerMetrics metrics_;
};

TEST_F(ServerMetricsTest, EverySeriesExistsBeforeTheFirstCall) {
  metrics_.AddMethod("Classify");
  metrics_.Instrument(std::make_shared<const FakeModel>());
  for (const char* code : {"OK", "CANCELLED", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED",
                           "INTERNAL", "UNAVAILABLE"}) {
    EXPECT_EQ(Series(std::string("newsgenre_rpc_calls_total{code=\"") + code + "\",method=\"Classify\"}"), 0)
        << code;
  }
  for (const char* label : {"World", "Sports", "Business", "Sci/Tech"}) {
    EXPECT_EQ(Series(std::string("newsgenre_predictions_total{label=\"") + label + "\"}"), 0) << label;
  }
  for (const char* series : {"newsgenre_rpc_latency_seconds_count{method=\"Classify\"}",
                             "newsgenre_rpc_latency_seconds_bucket{method=\"Classify\",le=\"0.0001\"}",
                             "newsgenre_rpc_latency_seconds_bucket{method=\"Classify\",le=\"10\"}",
                             "newsgenre_rpc_in_flight{method=\"Classify\"}", "newsgenre_batch_texts_count",
                             "newsgenre_batch_tokens_count", "newsgenre_queue_depth_texts"}) {
    EXPECT_EQ(Series(series), 0) << series;
  }
  EXPECT_EQ(Series("newsgenre_model_info{device=\"cpu\",precision=\"fp32\",version=\"fake-1\"}"), 1);
  EXPECT_THAT(MetricsText(metrics_.collectables()), HasSubstr("newsgenre_build_info{"));
}

TEST_F(ServerMetricsTest, CountsACallByItsCodeAndItsLatency) {
  MethodMetrics* method = metrics_.AddMethod("Classify");
  method->OnStart();
  method->OnStart();
  EXPECT_EQ(Series("newsgenre_rpc_in_flight{method=\"Classify\"}"), 2);
  method->OnFinish(absl::StatusCode::kUnavailable, std::chrono::milliseconds(2));
  EXPECT_EQ(Series("newsgenre_rpc_in_flight{method=\"Classify\"}"), 1);
  EXPECT_EQ(Series("newsgenre_rpc_calls_total{code=\"UNAVAILABLE\",method=\"Classify\"}"), 1);
  EXPECT_EQ(Series("newsgenre_rpc_latency_seconds_sum{method=\"Classify\"}"), 0.002);
  EXPECT_EQ(Series("newsgenre_rpc_latency_seconds_bucket{method=\"Classify\",le=\"0.001\"}"), 0);
  EXPECT_EQ(Series("newsgenre_rpc_latency_seconds_bucket{method=\"Classify\",le=\"0.0025\"}"), 1);
}

TEST_F(ServerMetricsTest, CountsBatchesAndTheQueue) {
  metrics_.OnQueueChange(5);
  metrics_.OnQueueChange(-3);
  metrics_.OnBatch(3, 100);
  EXPECT_EQ(Series("newsgenre_queue_depth_texts"), 2);
  EXPECT_EQ(Series("newsgenre_batch_texts_sum"), 3);
  EXPECT_EQ(Series("newsgenre_batch_texts_bucket{le=\"4\"}"), 1);
  EXPECT_EQ(Series("newsgenre_batch_tokens_sum"), 100);
}

TEST_F(ServerMetricsTest, CountsPredictionsByTheirTopLabel) {
  const auto model = metrics_.Instrument(std::make_shared<const FakeModel>());
  const auto five_tokens = model->Encode("abc");
  ASSERT_TRUE(model->Predict({&*five_tokens, &*five_tokens}).ok());
  EXPECT_EQ(Series("newsgenre_predictions_total{label=\"Sports\"}"), 2);
}

TEST_F(ServerMetricsTest, DoesNotCountAFailedPrediction) {
  const auto model = metrics_.Instrument(std::make_shared<const FakeModel>(
      "fake-1", [](const std::vector<const Encoding*>&) { return absl::InternalError("no"); }));
  const auto encoding = model->Encode("abc");
  EXPECT_FALSE(model->Predict({&*encoding}).ok());
  EXPECT_EQ(Series("newsgenre_predictions_total{label=\"Sports\"}"), 0);
}

TEST_F(ServerMetricsTest, TimesTheStages) {
  const auto count = [this](const std::string& stage) {
    return Series("newsgenre_stage_seconds_count{stage=\"" + stage + "\"}");
  };
  for (const char* stage : {"encode", "queue", "forward", "reply"}) EXPECT_EQ(count(stage), 0) << stage;
  const auto model = metrics_.Instrument(std::make_shared<const FakeModel>());
  const auto encoding = model->Encode("abc");
  ASSERT_TRUE(model->Predict({&*encoding, &*encoding}).ok());
  EXPECT_FALSE(model->Encode(" ").ok());
  EXPECT_EQ(count("encode"), 2);
  EXPECT_EQ(count("forward"), 1);
  using std::chrono::milliseconds;
  metrics_.OnQueueWaits({milliseconds(0), milliseconds(1), milliseconds(2), milliseconds(10000)});
  EXPECT_EQ(count("queue"), 4);
  EXPECT_NEAR(Series("newsgenre_stage_seconds_sum{stage=\"queue\"}"), 10.003, 1e-9);
  const auto bucket = [this](const std::string& le) {
    return Series("newsgenre_stage_seconds_bucket{stage=\"queue\",le=\"" + le + "\"}");
  };
  EXPECT_EQ(bucket("1e-06"), 1);
  EXPECT_EQ(bucket("0.001"), 2);
  EXPECT_EQ(bucket("0.0025"), 3);
  EXPECT_EQ(bucket("5"), 3);
  EXPECT_EQ(bucket("+Inf"), 4);
  metrics_.OnReplies({milliseconds(1)});
  EXPECT_EQ(count("reply"), 1);
}

TEST_F(ServerMetricsTest, OnlyTheServingModelHasAnInfoSeries) {
  metrics_.Instrument(std::make_shared<const FakeModel>("one"));
  metrics_.Instrument(std::make_shared<const FakeModel>("two"));
  EXPECT_EQ(Series("newsgenre_model_info{device=\"cpu\",precision=\"fp32\",version=\"two\"}"), 1);
  EXPECT_THAT(MetricsText(metrics_.collectables()), testing::Not(HasSubstr("version=\"one\"")));
}

TEST_F(ServerMetricsTest, IncludesTheMetricsOfTheProcess) {
  EXPECT_GT(Series("process_resident_memory_bytes"), 0);
}

// promtool checks names, units and help texts.
TEST_F(ServerMetricsTest, PassesPromtool) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  metrics_.AddMethod("Classify");
  metrics_.Instrument(std::make_shared<const FakeModel>());
  const TempDir dir;
  std::ofstream(dir.File("metrics.txt")) << MetricsText(metrics_.collectables());
  EXPECT_EQ(std::system(("promtool check metrics < " + dir.File("metrics.txt")).c_str()), 0);
}

}  // namespace
}  // namespace newsgenre
