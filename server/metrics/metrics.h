// What the server counts, for Prometheus.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/metrics/collectables.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "server/batching/batch_observer.h"
#include "server/models/model.h"
#include "server/rpc/call_observer.h"

namespace newsgenre {

// One method's series. Any thread; counters and gauges are atomics, a histogram takes a short lock of its
// own.
class MethodMetrics : public CallObserver {
 public:
  MethodMetrics(std::map<absl::StatusCode, prometheus::Counter*> calls,
                prometheus::Histogram* latency_seconds, prometheus::Gauge* in_flight)
      : calls_(std::move(calls)), latency_seconds_(latency_seconds), in_flight_(in_flight) {}

  void OnStart() override { in_flight_->Increment(); }
  void OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) override;

 private:
  const std::map<absl::StatusCode, prometheus::Counter*> calls_;
  prometheus::Histogram* const latency_seconds_;
  prometheus::Gauge* const in_flight_;
};

// Owns every series. All of them exist before the server says SERVING: newsgenre_predictions_total and
// newsgenre_model_info from Instrument on, because only a model knows its labels, the others before the
// server listens.
class Metrics : public BatchObserver {
 public:
  Metrics();

  // The series of the method with this name; it lives as long as the metrics. Before the server listens.
  MethodMetrics* AddMethod(const std::string& name);

  // `model`, with its predictions counted by label, as the one that newsgenre_model_info names. One thread at
  // a time.
  std::shared_ptr<const Model> Instrument(std::shared_ptr<const Model> model);

  // Any thread; atomics, so also under the batcher's lock.
  void OnQueueChange(int64_t delta_texts) override;
  // Any thread.
  void OnQueueWaits(const Durations& waits) override;
  void OnReplies(const Durations& delays) override;
  void OnBatch(int64_t texts, int64_t tokens) override;

  // What a scrape reads: the series above and those of the process.
  const Collectables& collectables() const { return collectables_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  Collectables collectables_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Histogram>& latency_seconds_;
  prometheus::Family<prometheus::Gauge>& in_flight_;
  prometheus::Family<prometheus::Counter>& predictions_;
  prometheus::Family<prometheus::Gauge>& model_info_;
  prometheus::Histogram& batch_texts_;
  prometheus::Histogram& batch_tokens_;
  prometheus::Gauge& queue_depth_texts_;
  prometheus::Histogram& encode_seconds_;
  prometheus::Histogram& queue_seconds_;
  prometheus::Histogram& forward_seconds_;
  prometheus::Histogram& reply_seconds_;
  prometheus::Gauge* serving_model_ = nullptr;  // model_info_'s only series
  std::deque<MethodMetrics> methods_;
};

}  // namespace newsgenre
