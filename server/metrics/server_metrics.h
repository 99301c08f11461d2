// The server's Prometheus metrics.
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

// The metrics of one method's calls. Thread-safe: counters and gauges are atomic, a histogram takes a short
// lock.
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

// Owns all of the server's time series. Thread-safe, except where a method says otherwise. Every series
// exists before health reports SERVING: Instrument creates those of newsgenre_predictions_total and
// newsgenre_model_info, because they need the model's labels; all others exist before the server listens.
class ServerMetrics : public BatchObserver {
 public:
  ServerMetrics();

  // Adds the series of the method `name`; the result lives as long as this object. Must be called before the
  // server listens.
  MethodMetrics* AddMethod(const std::string& name);

  // Returns `model` wrapped so that its work is counted and timed, and makes newsgenre_model_info describe
  // it. Must not be called concurrently with itself.
  std::shared_ptr<const Model> Instrument(std::shared_ptr<const Model> model);

  void OnQueueChange(int64_t delta_texts) override;
  void OnQueueWaits(const Durations& waits) override;
  void OnReplies(const Durations& delays) override;
  void OnBatch(int64_t texts, int64_t tokens) override;

  // Returns what a scrape reads: these series and those of the process.
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
  prometheus::Gauge* serving_model_ = nullptr;  // the only series of model_info_
  std::deque<MethodMetrics> methods_;
};

}  // namespace newsgenre
