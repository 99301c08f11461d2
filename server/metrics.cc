#include "server/metrics.h"

#include <utility>

#include "server/counted_model.h"
#include "server/process_metrics.h"

namespace newsgenre {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

Buckets LatencyBuckets() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

// `first`, doubled up to `last`.
Buckets PowersOfTwo(double first, double last) {
  Buckets bounds;
  for (double bound = first; bound <= last; bound *= 2) bounds.push_back(bound);
  return bounds;
}

}  // namespace

void MethodMetrics::OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) {
  calls_.at(code)->Increment();
  latency_seconds_->Observe(std::chrono::duration<double>(latency).count());
  in_flight_->Decrement();
}

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      collectables_({registry_, std::make_shared<ProcessMetrics>()}),
      calls_(BuildCounter()
                 .Name("newsgenre_rpc_calls_total")
                 .Help("Finished calls by method and status code.")
                 .Register(*registry_)),
      latency_seconds_(BuildHistogram()
                           .Name("newsgenre_rpc_latency_seconds")
                           .Help("Time from a call's arrival at its handler to its answer.")
                           .Register(*registry_)),
      in_flight_(BuildGauge()
                     .Name("newsgenre_rpc_in_flight")
                     .Help("Calls that are not answered yet.")
                     .Register(*registry_)),
      predictions_(BuildCounter()
                       .Name("newsgenre_predictions_total")
                       .Help("Texts that the model classified, by the label it finds most probable.")
                       .Register(*registry_)),
      model_info_(BuildGauge()
                      .Name("newsgenre_model_info")
                      .Help("1, with what the serving model is as labels.")
                      .Register(*registry_)),
      batch_texts_(BuildHistogram()
                       .Name("newsgenre_batch_texts")
                       .Help("Texts that ran through the model together.")
                       .Register(*registry_)
                       .Add({}, PowersOfTwo(1, 1024))),
      batch_tokens_(BuildHistogram()
                        .Name("newsgenre_batch_tokens")
                        .Help("Tokens that ran through the model together.")
                        .Register(*registry_)
                        .Add({}, PowersOfTwo(16, 65536))),
      queue_depth_texts_(BuildGauge()
                             .Name("newsgenre_queue_depth_texts")
                             .Help("Texts that wait for the model.")
                             .Register(*registry_)
                             .Add({})) {
  BuildGauge()
      .Name("newsgenre_build_info")
      .Help("1, with what this program is as labels.")
      .Register(*registry_)
      .Add({{"version", NEWSGENRE_VERSION}, {"compiler", NEWSGENRE_COMPILER}})
      .Set(1);
}

MethodMetrics* Metrics::AddMethod(const std::string& name) {
  std::map<absl::StatusCode, prometheus::Counter*> calls;
  for (const absl::StatusCode code : kAnswerCodes) {
    calls[code] = &calls_.Add({{"method", name}, {"code", absl::StatusCodeToString(code)}});
  }
  methods_.emplace_back(std::move(calls), &latency_seconds_.Add({{"method", name}}, LatencyBuckets()),
                        &in_flight_.Add({{"method", name}}));
  return &methods_.back();
}

std::shared_ptr<const Model> Metrics::CountPredictions(std::shared_ptr<const Model> model) {
  const ModelInfo& info = model->info();
  std::vector<prometheus::Counter*> predictions;
  for (const std::string& label : info.labels) predictions.push_back(&predictions_.Add({{"label", label}}));
  if (serving_model_ != nullptr) model_info_.Remove(serving_model_);
  serving_model_ =
      &model_info_.Add({{"version", info.version}, {"device", info.device}, {"precision", info.precision}});
  serving_model_->Set(1);
  return std::make_shared<CountedModel>(std::move(model), std::move(predictions));
}

void Metrics::OnQueueChange(int64_t delta_texts) {
  queue_depth_texts_.Increment(static_cast<double>(delta_texts));
}

void Metrics::OnBatch(int64_t texts, int64_t tokens) {
  batch_texts_.Observe(static_cast<double>(texts));
  batch_tokens_.Observe(static_cast<double>(tokens));
}

}  // namespace newsgenre
