#include "trainer/finetuning/finetuning_run.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "trainer/finetuning/finetuning_data.h"
#include "trainer/finetuning/release.h"
#include "trainer/finetuning/trainer.h"
#include "trainer/report/calibration.h"
#include "trainer/run/run_report.h"
#include "trainer/run/starting_point.h"
#include "trainer/run/training_session.h"

namespace newsgenre {
namespace {

// Returns the data's part of the run's identity.
std::map<std::string, std::string> DataIdentity(const FinetuningData& data) {
  const TextEncoder& encoder = data.start.encoder;
  std::map<std::string, std::string> identity =
      StartIdentity(data.start.model, AgNewsLabels(), encoder.tokenizer(), encoder.max_tokens());
  identity.insert({{"SHA-256 of --train", data.train.sha256},
                   {"training rows", std::to_string(data.rows.training.size())},
                   {"validation rows", std::to_string(data.rows.validation.size())}});
  return identity;
}

void DescribeData(const FinetuningData& data, Report* report) {
  const TextEncoder& encoder = data.start.encoder;
  const Dataset& training = data.rows.training;
  report->labels = AgNewsLabels();
  report->training_rows = training.size();
  report->validation_rows = data.rows.validation.size();
  report->vocab_size = encoder.tokenizer().vocab_size();
  report->lengths = CountLengths(training.Lengths(), training.truncated, encoder.max_tokens());
}

absl::StatusOr<TrainingResult> Train(const FinetuningConfig& config, const FinetuningData& data,
                                     TrainingSession* session, const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(const TrainingSetup setup, session->Prepare(data.start.model, data.rows.training.Lengths(),
                                                               config.optimizer, DataIdentity(data)));
  Trainer trainer(config, data.rows, setup.plan, setup.network.get(), session->Hooks(setup));
  RETURN_IF_ERROR(trainer.Start(session->TakeStart()));
  ASSIGN_OR_RETURN(TrainingResult result, trainer.Run(stop));
  Report& report = session->report();
  report.epochs = result.epochs;
  report.best = result.best;
  report.steps = result.steps;
  return result;
}

// Moves the starting point out of `data` and returns it with the trained weights, calibrated, and with the
// run's description in its manifest.
absl::StatusOr<Checkpoint> MakeTrainedCheckpoint(const TrainingResult& training, FinetuningData* data,
                                                 Report* report) {
  Checkpoint checkpoint = std::move(data->start);
  const Albert& model = checkpoint.model;
  ASSIGN_OR_RETURN(checkpoint.model,
                   Albert::FromTensors(model.config(), model.head(), model.labels(), training.weights));
  v1::Manifest& manifest = checkpoint.manifest;
  manifest.set_version(report->version);
  manifest.mutable_recipe()->insert(report->recipe.begin(), report->recipe.end());
  const std::vector<int>& labels = data->rows.validation.labels;
  report->temperature = FitTemperature(training.validation, labels);
  FoldTemperature(*report->temperature, &checkpoint);
  const ProbabilityRows calibrated = ApplyTemperature(training.validation, *report->temperature);
  report->calibrated = Evaluate(calibrated, labels);
  AddMetrics("validation", *report->calibrated, &manifest);
  (*manifest.mutable_metrics())["validation_ece_before_temperature"] =
      training.epochs[training.best].validation.ece();
  ReportMistakes(data->train, data->rows.validation, calibrated, report);
  return checkpoint;
}

absl::StatusOr<Report> Run(const FinetuningConfig& config, const RunControl& control) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainingSession> session,
                   TrainingSession::Open(config.run, config.model_version, control));
  Report& report = session->report();
  ASSIGN_OR_RETURN(FinetuningData data, PrepareFinetuningData(config, session->threads(), control));
  DescribeData(data, &report);
  ASSIGN_OR_RETURN(const TrainingResult training, Train(config, data, session.get(), control.stop));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, MakeTrainedCheckpoint(training, &data, &report));
  ASSIGN_OR_RETURN(const Published published, TestAndPublish(std::move(checkpoint), config.run.model_dir,
                                                             report.device, data.test, control));
  report.release = published.folder;
  if (published.test.has_value()) ReportTest(data.test, *published.test, &report);
  RETURN_IF_ERROR(session->FinishReport());
  session->RemoveStates();
  return report;
}

}  // namespace

absl::StatusOr<Report> RunFinetuning(const FinetuningConfig& config, const RunControl& control) {
  return CatchTorchIn([&] { return Run(config, control); });
}

}  // namespace newsgenre
