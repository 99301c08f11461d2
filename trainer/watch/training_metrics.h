// Prometheus metrics of a training run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/metrics/collectables.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// The facts about a run that are known before its first step.
struct TrainingInfo {
  std::string version;  // of the release to publish
  std::string device;
  std::string precision;
  int epochs = 0;
  int64_t steps = 0;  // of all epochs
};

struct ValidationPoint {
  double loss = 0;
  double accuracy = 0;  // 0 … 1
};

// Owns the metrics. All of them exist from the start; unknown values are NaN. Thread-safe.
class TrainingMetrics {
 public:
  explicit TrainingMetrics(const TrainingInfo& info);

  void Update(const ProgressState& progress);
  // Sets the results of the last epoch's validation.
  void UpdateValidation(const ValidationPoint& point);

  // Returns the metrics of the run and those of the process (ProcessMetrics).
  Collectables collectables() const;

 private:
  // Registers a gauge and sets it to `value`.
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
