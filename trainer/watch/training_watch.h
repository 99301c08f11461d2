// A training run, for TensorBoard and Prometheus.
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

// Owns the event file and, where there is an address, the page that Prometheus reads. What can't be written
// to the event file later on is logged, once: a run doesn't end for it. Steps that a killed run took behind
// its last saved state are written once more when it goes on.
class TrainingWatch : public TrainingObserver {
 public:
  // Events go to a new file in `folder`. `metrics_address`: HOST:PORT, port 0 takes a free one; empty: no
  // page. UNAVAILABLE where it can't be listened on.
  static absl::StatusOr<std::unique_ptr<TrainingWatch>> Start(const std::string& folder,
                                                              const std::string& metrics_address,
                                                              const TrainingInfo& info);

  void OnSteps(const std::vector<StepPoint>& steps) override;
  void OnProgress(const ProgressState& state) override;
  void OnEpoch(int64_t step, const EpochResult& epoch) override;

  // 0: no page.
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
