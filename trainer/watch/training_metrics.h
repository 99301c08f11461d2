// Where a training run is, for Prometheus.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/metrics/collectables.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// What is known before the first step.
struct TrainingInfo {
  std::string version;  // of the release that the run will publish
  std::string device;
  std::string precision;
  int epochs = 0;
  int64_t steps = 0;  // of all epochs
};

struct ValidationPoint {
  double loss = 0;
  double accuracy = 0;  // 0 … 1
};

// Owns the series. All of them exist from the start: those that nothing is known of yet are NaN. Any thread;
// gauges are atomics.
class TrainingMetrics {
 public:
  explicit TrainingMetrics(const TrainingInfo& info);

  void Update(const ProgressState& progress);
  // After an epoch.
  void Validated(const ValidationPoint& point);

  // What a scrape reads: the series above and those of the process.
  Collectables collectables() const;

 private:
  // The gauge `name` with `value`.
  prometheus::Gauge& AddGauge(const char* name, const char* help, double value);

  const std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Gauge& epoch_;
  prometheus::Gauge& step_;
  prometheus::Gauge& loss_;
  prometheus::Gauge& accuracy_;
  prometheus::Gauge& learning_rate_;
  prometheus::Gauge& texts_per_second_;
  prometheus::Gauge& tokens_per_second_;
  prometheus::Gauge& seconds_left_;
  prometheus::Gauge& validation_loss_;
  prometheus::Gauge& validation_accuracy_;
};

}  // namespace newsgenre
