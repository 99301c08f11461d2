#include "server/metrics/server_metrics.h"

#include <algorithm>
#include <utility>

#include "common/metrics/process_metrics.h"
#include "server/metrics/instrumented_model.h"

namespace newsgenre {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

Buckets LatencyBuckets() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

// Returns `first` and its doubles up to `last`.
Buckets PowersOfTwo(double first, double last) {
  Buckets bounds;
  for (double bound = first; bound <= last; bound *= 2) bounds.push_back(bound);
  return bounds;
}

// Returns bounds in seconds, from the encoding of a few words to the wait in a long queue.
const Buckets& StageBuckets() {
  static const auto* const bounds =
      new Buckets{1e-6, 2.5e-6, 5e-6,  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3,
                  5e-3, 0.01,   0.025, 0.05, 0.1,    0.25, 0.5,  1,      2.5,  5};
  return *bounds;
}

// Adds all durations and takes the histogram's lock only once.
void ObserveAll(const BatchObserver::Durations& durations, prometheus::Histogram* histogram) {
  const Buckets& bounds = StageBuckets();
  std::vector<double> counts(bounds.size() + 1);
  double sum = 0;
  for (const auto duration : durations) {
    const double seconds = std::chrono::duration<double>(duration).count();
    ++counts[std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin()];
    sum += seconds;
  }
  histogram->ObserveMultiple(counts, sum);
}

template <typename Builder>
auto& Family(Builder builder, const char* name, const char* help, prometheus::Registry* registry) {
  return builder.Name(name).Help(help).Register(*registry);
}

prometheus::Histogram& Stage(const char* name, prometheus::Registry* registry) {
  return Family(BuildHistogram(), "newsgenre_stage_seconds",
                "Duration of a stage: encode (cleaning and tokenizing a text), queue (from a text's "
                "submission to its batch), forward (running a batch through the model), reply (from the "
                "model's result to the reply for a text).",
                registry)
      .Add({{"stage", name}}, StageBuckets());
}

}  // namespace

void MethodMetrics::OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) {
  calls_.at(code)->Increment();
  latency_seconds_->Observe(std::chrono::duration<double>(latency).count());
  in_flight_->Decrement();
}

ServerMetrics::ServerMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      collectables_({registry_, std::make_shared<ProcessMetrics>()}),
      calls_(Family(BuildCounter(), "newsgenre_rpc_calls_total", "Finished calls by method and status code.",
                    registry_.get())),
      latency_seconds_(Family(BuildHistogram(), "newsgenre_rpc_latency_seconds",
                              "Time from a call's arrival at its handler to its reply.", registry_.get())),
      in_flight_(Family(BuildGauge(), "newsgenre_rpc_in_flight", "Calls that are not answered yet.",
                        registry_.get())),
      predictions_(Family(BuildCounter(), "newsgenre_predictions_total",
                          "Classified texts by their most probable label.", registry_.get())),
      model_info_(Family(BuildGauge(), "newsgenre_model_info", "1; the labels describe the serving model.",
                         registry_.get())),
      batch_texts_(Family(BuildHistogram(), "newsgenre_batch_texts", "Texts per batch.", registry_.get())
                       .Add({}, PowersOfTwo(1, 1024))),
      batch_tokens_(Family(BuildHistogram(), "newsgenre_batch_tokens", "Tokens per batch.", registry_.get())
                        .Add({}, PowersOfTwo(16, 65536))),
      queue_depth_texts_(Family(BuildGauge(), "newsgenre_queue_depth_texts", "Texts that wait for the model.",
                                registry_.get())
                             .Add({})),
      encode_seconds_(Stage("encode", registry_.get())),
      queue_seconds_(Stage("queue", registry_.get())),
      forward_seconds_(Stage("forward", registry_.get())),
      reply_seconds_(Stage("reply", registry_.get())) {
  Family(BuildGauge(), "newsgenre_build_info", "1; the labels describe this program.", registry_.get())
      .Add({{"version", NEWSGENRE_VERSION}, {"compiler", NEWSGENRE_COMPILER}})
      .Set(1);
}

MethodMetrics* ServerMetrics::AddMethod(const std::string& name) {
  std::map<absl::StatusCode, prometheus::Counter*> calls;
  for (const absl::StatusCode code : kApiStatusCodes) {
    calls[code] = &calls_.Add({{"method", name}, {"code", absl::StatusCodeToString(code)}});
  }
  methods_.emplace_back(std::move(calls), &latency_seconds_.Add({{"method", name}}, LatencyBuckets()),
                        &in_flight_.Add({{"method", name}}));
  return &methods_.back();
}

std::shared_ptr<const Model> ServerMetrics::Instrument(std::shared_ptr<const Model> model) {
  const ModelInfo& info = model->info();
  std::vector<prometheus::Counter*> predictions;
  for (const std::string& label : info.labels) predictions.push_back(&predictions_.Add({{"label", label}}));
  if (serving_model_ != nullptr) model_info_.Remove(serving_model_);
  serving_model_ =
      &model_info_.Add({{"version", info.version}, {"device", info.device}, {"precision", info.precision}});
  serving_model_->Set(1);
  return std::make_shared<InstrumentedModel>(
      std::move(model),
      InstrumentedModel::Series{std::move(predictions), &encode_seconds_, &forward_seconds_});
}

void ServerMetrics::OnQueueChange(int64_t delta_texts) {
  queue_depth_texts_.Increment(static_cast<double>(delta_texts));
}

void ServerMetrics::OnQueueWaits(const Durations& waits) { ObserveAll(waits, &queue_seconds_); }
void ServerMetrics::OnReplies(const Durations& delays) { ObserveAll(delays, &reply_seconds_); }

void ServerMetrics::OnBatch(int64_t texts, int64_t tokens) {
  batch_texts_.Observe(static_cast<double>(texts));
  batch_tokens_.Observe(static_cast<double>(tokens));
}

}  // namespace newsgenre
