// Exports a training run to TensorBoard and Prometheus.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/metrics/metrics_endpoint.h"
#include "trainer/watch/tensorboard_writer.h"
#include "trainer/watch/training_metrics.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// Owns the event file and, if there is an address, the metrics endpoint. If a write to the event file fails,
// logs the error once and writes no more events; the run continues. Steps that a killed run took after its
// last saved state are written again when it is resumed. Not thread-safe.
class TrainingWatch : public TrainingObserver {
 public:
  // Writes events to a new file in `folder`. `metrics_address` is HOST:PORT of the metrics endpoint, where
  // port 0 selects a free one; if empty, there is no endpoint. Returns UNAVAILABLE if it can't listen on the
  // address.
  static absl::StatusOr<std::unique_ptr<TrainingWatch>> Start(const std::string& folder,
                                                              const std::string& metrics_address,
                                                              const TrainingInfo& info);

  void OnSteps(const std::vector<StepPoint>& steps) override;
  void OnProgress(const ProgressState& state) override;
  void OnEpoch(int64_t step, const EpochResult& epoch) override;

  // The port of the metrics endpoint, or 0 without one.
  int port() const { return endpoint_ == nullptr ? 0 : endpoint_->port(); }

 private:
  TrainingWatch(std::unique_ptr<TensorboardWriter> events, const TrainingInfo& info)
      : events_(std::move(events)), metrics_(info) {}
  void Write(int64_t step, const std::map<std::string, double>& values);

  std::unique_ptr<TensorboardWriter> events_;
  TrainingMetrics metrics_;
  std::unique_ptr<MetricsEndpoint> endpoint_;
};

}  // namespace newsgenre
