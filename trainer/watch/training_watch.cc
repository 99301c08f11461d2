#include "trainer/watch/training_watch.h"

#include "absl/memory/memory.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"

namespace newsgenre {

absl::StatusOr<std::unique_ptr<TrainingWatch>> TrainingWatch::Start(const std::string& folder,
                                                                    const std::string& metrics_address,
                                                                    const TrainingInfo& info) {
  ASSIGN_OR_RETURN(std::unique_ptr<TensorboardWriter> events, TensorboardWriter::Open(folder));
  auto watch = absl::WrapUnique(new TrainingWatch(std::move(events), info));
  if (!metrics_address.empty()) {
    ASSIGN_OR_RETURN(watch->endpoint_,
                     MetricsEndpoint::Start(metrics_address, watch->metrics_.collectables()));
  }
  return watch;
}

void TrainingWatch::OnSteps(const std::vector<StepPoint>& steps) {
  for (const StepPoint& point : steps) {
    Write(point.step, {{"train/loss", point.loss}, {"train/learning_rate", point.learning_rate}});
  }
}

void TrainingWatch::OnProgress(const ProgressState& state) { metrics_.Update(state); }

void TrainingWatch::OnEpoch(int64_t step, const EpochResult& epoch) {
  metrics_.UpdateValidation({epoch.validation.loss, epoch.validation.accuracy()});
  Write(step, {{"train/epoch_loss", epoch.training_loss},
               {"train/epoch_accuracy", epoch.training_accuracy},
               {"train/tokens_per_second", epoch.tokens_per_second},
               {"validation/loss", epoch.validation.loss},
               {"validation/accuracy", epoch.validation.accuracy()}});
}

void TrainingWatch::Write(int64_t step, const std::map<std::string, double>& values) {
  if (events_ == nullptr) return;
  const absl::Status status = events_->AddScalars(step, values);
  if (status.ok()) return;
  Log(Severity::kWarning, "stopped writing events for TensorBoard", {{"error", status.ToString()}});
  events_ = nullptr;
}

}  // namespace newsgenre
