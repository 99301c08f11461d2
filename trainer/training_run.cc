#include "trainer/training_run.h"

#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/model/cpu_threads.h"
#include "common/model/device.h"
#include "common/model/machine.h"
#include "common/model/precision.h"
#include "trainer/release.h"
#include "trainer/report/calibration.h"
#include "trainer/run_report.h"
#include "trainer/trainer.h"
#include "trainer/training_data.h"
#include "trainer/watch/training_watch.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;
using Clock = Progress::Clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string UtcTime() {
  const std::time_t now = std::time(nullptr);
  std::tm utc;
  gmtime_r(&now, &utc);
  char text[20];
  std::strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &utc);
  return text;
}

// What a run has before its data.
struct Setting {
  c10::Device device = c10::kCPU;
  Precision precision = Precision::kFp32;
  int threads = 0;
  std::unique_ptr<StateStore> states;
  TrainingState start;  // fresh, or one to go on from

  std::string precision_name() const { return std::string(PrecisionName(precision)); }
};

// Finds out before the training, not behind it, that there is no place for the release.
absl::Status PrepareModelDir(const std::string& model_dir) {
  RETURN_IF_ERROR(MakeFolder(model_dir));
  return TemporaryFolder::Make(model_dir + "/.probe-").status();
}

absl::StatusOr<TrainingState> ChooseStart(const TrainerConfig& config, StateStore* states) {
  if (!config.resume && !states->newest().empty()) {
    return absl::FailedPreconditionError(states->newest() +
                                         " is the state of a run that isn't finished; --resume goes on with "
                                         "it, and without that folder a new run starts");
  }
  ASSIGN_OR_RETURN(std::optional<TrainingState> state, states->Load());
  if (state.has_value()) return *std::move(state);
  TrainingState fresh;
  fresh.version = config.model_version.empty() ? UtcTime() : config.model_version;
  std::error_code error;
  if (fs::exists(config.model_dir + "/" + fresh.version, error)) {
    return absl::AlreadyExistsError("release " + fresh.version + " exists in " + config.model_dir);
  }
  return fresh;
}

// What a killed run left half written. Whoever owns the states is the only one that writes there.
void RemoveLeftovers(const std::string& model_dir, const std::string& version) {
  const std::string beginnings[] = {".probe-",          ".staging-",      version + ".tmp.", "CURRENT.tmp.",
                                    "report.json.tmp.", "report.md.tmp.", "report.html.tmp."};
  for (const std::string& name : ListFolder(model_dir).value_or(std::vector<std::string>())) {
    for (const std::string& beginning : beginnings) {
      std::error_code ignored;
      if (name.rfind(beginning, 0) == 0) fs::remove_all(model_dir + "/" + name, ignored);
    }
  }
}

absl::StatusOr<Setting> PrepareSetting(const TrainerConfig& config, Progress* progress) {
  Setting setting;
  ASSIGN_OR_RETURN(setting.device, ParseDevice(config.device));
  ASSIGN_OR_RETURN(setting.precision, ParsePrecision(config.precision, AbilitiesOf(setting.device)));
  setting.threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(setting.threads);
  RETURN_IF_ERROR(PrepareModelDir(config.model_dir));
  ASSIGN_OR_RETURN(setting.states, StateStore::Open(config.model_dir + "/training-state"));
  ASSIGN_OR_RETURN(setting.start, ChooseStart(config, setting.states.get()));
  RemoveLeftovers(config.model_dir, setting.start.version);
  progress->Note("device", {{"asked", config.device},
                            {"taken", setting.device.str()},
                            {"precision", PrecisionName(setting.precision)},
                            {"threads", setting.threads}});
  return setting;
}

// What must be the same for a run to go on: the flags that decide what is learnt, and what is behind those
// that name files.
std::map<std::string, std::string> Identity(const TrainerConfig& config, const Setting& setting,
                                            const TrainingData& data, const TrainingNetwork& network) {
  static const auto* const others = new std::set<std::string>{
      "train",
      "test",
      "init_from",
      "model_dir",
      "max_bad_rows",
      "device",
      "precision",
      "threads",
      "resume",
      "save_minutes",
      "save_steps",
      "metrics_address",
      "micro_batch_tokens",
  };
  std::map<std::string, std::string> identity;
  for (const auto& [flag, value] : config.recipe) {
    if (others->count(flag) == 0) identity["--" + flag] = value;
  }
  const at::Tensor weights = network.parameters().values().cpu();
  identity["device"] = setting.device.str();
  identity["precision"] = setting.precision_name();
  identity["products by"] = ProductLibraryName(network.library());
  identity["threads"] = std::to_string(setting.threads);
  identity["SHA-256 of --train"] = data.train.sha256;
  identity["training rows"] = std::to_string(data.rows.training.size());
  identity["validation rows"] = std::to_string(data.rows.validation.size());
  identity["tokens read of a text"] = std::to_string(data.start.encoder.max_tokens());
  identity["SHA-256 of the network's sizes"] =
      Sha256(AlbertConfigJson(data.start.model.config(), data.start.model.head(), AgNewsLabels()));
  identity["SHA-256 of the vocabulary"] = Sha256(data.start.encoder.tokenizer().model_bytes());
  identity["SHA-256 of the first weights"] =
      Sha256({static_cast<const char*>(weights.const_data_ptr()), weights.nbytes()});
  return identity;
}

absl::StatusOr<TrainingResult> Train(const TrainerConfig& config, const TrainingData& data, Setting* setting,
                                     Report* report, const RunControl& control) {
  const at::ScalarType type = setting->precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat;
  TrainingNetwork network(data.start.model, setting->device, type);
  std::map<std::string, std::string> identity = Identity(config, *setting, data, network);
  if (setting->start.step > 0) {
    const std::string state = setting->states->newest();
    RETURN_IF_ERROR(AddContext(CheckIdentity(setting->start.identity, identity), state));
    control.progress->Note("going on", {{"state", state}, {"step", setting->start.step}});
  } else {
    setting->start.identity = std::move(identity);
  }
  const RunPlan plan(data.rows.training.Lengths(), {config.batch_tokens, config.batch_texts}, config.epochs,
                     config.seed);
  const std::string events = config.model_dir + "/tensorboard/" + setting->start.version;
  const TrainingInfo info = {setting->start.version, setting->device.str(), setting->precision_name(),
                             config.epochs, plan.steps()};
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainingWatch> watch,
                   TrainingWatch::Start(events, config.metrics_address, info));
  if (watch->port() > 0) control.progress->Note("metrics", {{"port", watch->port()}});
  Trainer trainer(config, data.rows, plan, &network, {control.progress, watch.get(), setting->states.get()});
  RETURN_IF_ERROR(trainer.Start(std::move(setting->start)));
  report->kernels = "products by " + ProductLibraryName(network.library());
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
  const Probabilities calibrated = ApplyTemperature(training.validation, *report->temperature);
  report->calibrated = Evaluate(calibrated, labels);
  AddMetrics("validation", *report->calibrated, &manifest);
  (*manifest.mutable_metrics())["validation_ece_before_temperature"] =
      training.epochs[training.best].validation.ece();
  ReportMistakes(data->train, data->rows.validation, calibrated, report);
  return checkpoint;
}

// What is known of the run before it is published.
absl::Status Describe(const TrainerConfig& config, const Setting& setting, const TrainingData& data,
                      Report* report) {
  ASSIGN_OR_RETURN(const Machine machine, DescribeMachine(setting.device.str()));
  const TextEncoder& encoder = data.start.encoder;
  report->version = setting.start.version;
  report->labels = AgNewsLabels();
  report->device = setting.device.str();
  report->precision = setting.precision_name();
  report->processor = machine.description;
  report->threads = setting.threads;
  report->training_rows = data.rows.training.size();
  report->validation_rows = data.rows.validation.size();
  report->vocab_size = encoder.tokenizer().vocab_size();
  report->lengths = CountLengths(data.rows.training.Lengths(), data.rows.training.cut, encoder.max_tokens());
  report->recipe = config.recipe;
  return absl::OkStatus();
}

absl::StatusOr<Report> Run(const TrainerConfig& config, const RunControl& control) {
  const Clock::time_point start = Clock::now();
  ASSIGN_OR_RETURN(Setting setting, PrepareSetting(config, control.progress));
  ASSIGN_OR_RETURN(TrainingData data, PrepareData(config, setting.threads, control));
  Report report;
  RETURN_IF_ERROR(Describe(config, setting, data, &report));
  const double before = setting.start.seconds;
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
  report.cpu_seconds = CpuSeconds();
  RETURN_IF_ERROR(WriteReport(config.model_dir, report));
  setting.states->Remove();
  return report;
}

}  // namespace

absl::StatusOr<Report> RunTraining(const TrainerConfig& config, const RunControl& control) {
  absl::StatusOr<Report> report = absl::UnknownError("not run");
  RETURN_IF_ERROR(CatchTorch([&] {
    report = Run(config, control);
    return report.status();
  }));
  return report;
}

}  // namespace newsgenre
