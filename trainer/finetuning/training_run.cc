#include "trainer/finetuning/training_run.h"

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "trainer/finetuning/release.h"
#include "trainer/finetuning/trainer.h"
#include "trainer/finetuning/training_data.h"
#include "trainer/report/calibration.h"
#include "trainer/run/run_context.h"
#include "trainer/run/run_report.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {
namespace {

// What must be the same for a run to go on, beside flags and machine.
std::map<std::string, std::string> Inputs(const TrainingData& data) {
  const TextEncoder& encoder = data.start.encoder;
  std::map<std::string, std::string> inputs =
      StartIdentity(data.start.model, AgNewsLabels(), encoder.tokenizer(), encoder.max_tokens());
  inputs.insert({{"SHA-256 of --train", data.train.sha256},
                 {"training rows", std::to_string(data.rows.training.size())},
                 {"validation rows", std::to_string(data.rows.validation.size())}});
  return inputs;
}

absl::StatusOr<TrainingResult> Train(const TrainerConfig& config, const TrainingData& data,
                                     RunContext* setting, Report* report, const RunControl& control) {
  TrainingNetwork network(data.start.model, setting->device, setting->type());
  RETURN_IF_ERROR(Identify(config, network, Inputs(data), setting, control.progress));
  const RunPlan plan(data.rows.training.Lengths(), {config.batch_tokens, config.batch_texts}, config.epochs,
                     config.seed);
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainingWatch> watch,
                   StartWatch(config, *setting, plan.steps(), control.progress));
  Trainer trainer(config, data.rows, plan, &network, {control.progress, watch.get(), setting->states.get()});
  RETURN_IF_ERROR(trainer.Start(std::move(setting->start)));
  report->kernels = network.kernels();
  report->parameters = network.parameters().count();
  return trainer.Run(control.stop);
}

// The trained network in place of the one to start from, calibrated, with the manifest's record of it.
absl::StatusOr<Checkpoint> TrainedCheckpoint(const TrainerConfig& config, const TrainingResult& training,
                                             TrainingData* data, Report* report) {
  Checkpoint checkpoint = std::move(data->start);
  const Albert& model = checkpoint.model;
  ASSIGN_OR_RETURN(checkpoint.model,
                   Albert::FromTensors(model.config(), model.head(), model.labels(), training.weights));
  v1::Manifest& manifest = checkpoint.manifest;
  manifest.set_version(report->version);
  manifest.mutable_recipe()->insert(config.recipe.begin(), config.recipe.end());
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

// What is known of the run before it is published.
absl::Status Describe(const TrainerConfig& config, const RunContext& setting, const TrainingData& data,
                      Report* report) {
  RETURN_IF_ERROR(DescribeSetting(config, setting, report));
  const TextEncoder& encoder = data.start.encoder;
  report->labels = AgNewsLabels();
  report->training_rows = data.rows.training.size();
  report->validation_rows = data.rows.validation.size();
  report->vocab_size = encoder.tokenizer().vocab_size();
  report->lengths = CountLengths(data.rows.training.Lengths(), data.rows.training.truncated, encoder.max_tokens());
  return absl::OkStatus();
}

absl::StatusOr<Report> Run(const TrainerConfig& config, const RunControl& control) {
  const Progress::Clock::time_point start = Progress::Clock::now();
  ASSIGN_OR_RETURN(RunContext setting, PrepareSetting(config, control.progress));
  ASSIGN_OR_RETURN(TrainingData data, PrepareData(config, setting.threads, control));
  Report report;
  RETURN_IF_ERROR(Describe(config, setting, data, &report));
  const double before = setting.start.seconds, cpu_before = setting.start.cpu_seconds;
  ASSIGN_OR_RETURN(const TrainingResult training, Train(config, data, &setting, &report, control));
  report.epochs = training.epochs;
  report.best = training.best;
  report.steps = training.steps;

  ASSIGN_OR_RETURN(Checkpoint checkpoint, TrainedCheckpoint(config, training, &data, &report));
  ASSIGN_OR_RETURN(const Published published, TestAndPublish(std::move(checkpoint), config.model_dir,
                                                             report.device, data.test, control));
  report.release = published.folder;
  if (published.test.has_value()) ReportTest(data.test, *published.test, &report);
  report.seconds = before + SecondsSince(start);
  report.cpu_seconds = cpu_before + CpuSeconds();
  RETURN_IF_ERROR(WriteReport(config.model_dir, report));
  setting.states->Remove();
  return report;
}

}  // namespace

absl::StatusOr<Report> RunTraining(const TrainerConfig& config, const RunControl& control) {
  return CatchTorchIn([&] { return Run(config, control); });
}

}  // namespace newsgenre
