#include "trainer/watch/training_metrics.h"

#include <limits>

#include "common/metrics/process_metrics.h"

namespace newsgenre {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TrainingMetrics::TrainingMetrics(const TrainingInfo& info)
    : registry_(std::make_shared<prometheus::Registry>()),
      epoch_(AddGauge("newsgenre_training_epoch", "The current epoch, from 1; 0 before the first step.", 0)),
      step_(
          AddGauge("newsgenre_training_step", "Steps done, including those before the run was resumed.", 0)),
      loss_(
          AddGauge("newsgenre_training_loss", "Mean loss in nats over the current epoch so far.", kUnknown)),
      accuracy_(AddGauge("newsgenre_training_accuracy", "Accuracy from 0 to 1 over the current epoch so far.",
                         kUnknown)),
      learning_rate_(
          AddGauge("newsgenre_training_learning_rate", "Learning rate of the last step.", kUnknown)),
      texts_per_second_(
          AddGauge("newsgenre_training_texts_per_second", "Texts trained on per second.", kUnknown)),
      tokens_per_second_(
          AddGauge("newsgenre_training_tokens_per_second", "Tokens trained on per second.", kUnknown)),
      seconds_left_(AddGauge("newsgenre_training_seconds_left",
                             "Estimated seconds for the remaining steps, without validation.", kUnknown)),
      validation_loss_(AddGauge("newsgenre_validation_loss",
                                "Mean loss in nats over the validation texts after the last complete epoch.",
                                kUnknown)),
      validation_accuracy_(AddGauge(
          "newsgenre_validation_accuracy",
          "Accuracy from 0 to 1 over the validation texts after the last complete epoch.", kUnknown)) {
  AddGauge("newsgenre_training_epochs", "Epochs of the run.", info.epochs);
  AddGauge("newsgenre_training_steps", "Steps of the run.", static_cast<double>(info.steps));
  prometheus::BuildGauge()
      .Name("newsgenre_training_info")
      .Help("Always 1; its labels describe the run.")
      .Register(*registry_)
      .Add({{"version", info.version}, {"device", info.device}, {"precision", info.precision}})
      .Set(1);
}

prometheus::Gauge& TrainingMetrics::AddGauge(const char* name, const char* help, double value) {
  prometheus::Gauge& gauge = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
  gauge.Set(value);
  return gauge;
}

void TrainingMetrics::Update(const ProgressState& progress) {
  epoch_.Set(progress.epoch);
  step_.Set(static_cast<double>(progress.step));
  loss_.Set(progress.loss);
  accuracy_.Set(progress.accuracy);
  learning_rate_.Set(progress.learning_rate);
  texts_per_second_.Set(progress.texts_per_second);
  tokens_per_second_.Set(progress.tokens_per_second);
  seconds_left_.Set(progress.seconds_left);
}

void TrainingMetrics::UpdateValidation(const ValidationPoint& point) {
  validation_loss_.Set(point.loss);
  validation_accuracy_.Set(point.accuracy);
}

Collectables TrainingMetrics::collectables() const { return {registry_, std::make_shared<ProcessMetrics>()}; }

}  // namespace newsgenre
