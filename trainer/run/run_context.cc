#include "trainer/run/run_context.h"

#include <ctime>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "common/device/cpu_threads.h"
#include "common/device/device.h"
#include "common/device/machine.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

std::string UtcTime() {
  const std::time_t now = std::time(nullptr);
  std::tm utc;
  gmtime_r(&now, &utc);
  char text[20];
  std::strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &utc);
  return text;
}

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
  std::vector<std::string> beginnings = {".probe-", ".staging-", version + ".tmp."};
  for (const char* file : {"CURRENT", "report.json", "report.md", "report.html"}) {
    beginnings.push_back(std::string(file) + ".tmp.");
  }
  for (const char* file : kListedFiles) beginnings.push_back(std::string(file) + ".tmp.");
  for (const std::string& name : ListFolder(model_dir).value_or(std::vector<std::string>())) {
    for (const std::string& beginning : beginnings) {
      std::error_code ignored;
      if (name.rfind(beginning, 0) == 0) fs::remove_all(absl::StrCat(model_dir, "/", name), ignored);
    }
  }
}

// The flags that decide what is learnt. Others say where it runs and lies; what is behind those that name
// files comes by its hash.
std::map<std::string, std::string> DecidingFlags(const TrainerConfig& config) {
  static const auto* const others = new std::set<std::string>{
      "train",     "text",    "test",   "init_from",    "model_dir",  "max_bad_rows",    "device",
      "precision", "threads", "resume", "save_minutes", "save_steps", "metrics_address", "micro_batch_tokens",
  };
  std::map<std::string, std::string> flags;
  for (const auto& [flag, value] : config.recipe) {
    if (others->count(flag) == 0) flags["--" + flag] = value;
  }
  return flags;
}

}  // namespace

absl::StatusOr<RunContext> PrepareSetting(const TrainerConfig& config, Progress* progress) {
  RunContext setting;
  ASSIGN_OR_RETURN(setting.device, ParseDevice(config.device));
  ASSIGN_OR_RETURN(setting.precision, ParsePrecision(config.precision, CapabilitiesOf(setting.device)));
  setting.threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(setting.threads);
  RETURN_IF_ERROR(PrepareModelDir(config.model_dir));
  ASSIGN_OR_RETURN(setting.states, StateStore::Open(config.model_dir + "/training-state"));
  ASSIGN_OR_RETURN(setting.start, ChooseStart(config, setting.states.get()));
  RemoveLeftovers(config.model_dir, setting.start.version);
  progress->Log("device", {{"asked", config.device},
                           {"taken", setting.device.str()},
                           {"precision", PrecisionName(setting.precision)},
                           {"threads", setting.threads}});
  return setting;
}

absl::Status Identify(const TrainerConfig& config, const TrainingNetwork& network,
                      std::map<std::string, std::string> inputs, RunContext* setting, Progress* progress) {
  std::map<std::string, std::string> identity = std::move(inputs);
  identity.merge(DecidingFlags(config));
  const at::Tensor weights = network.parameters().values().cpu();
  identity["device"] = setting->device.str();
  identity["precision"] = setting->precision_name();
  identity["kernels"] = network.kernels();
  identity["threads"] = std::to_string(setting->threads);
  identity["SHA-256 of the first weights"] =
      Sha256({static_cast<const char*>(weights.const_data_ptr()), weights.nbytes()});
  if (setting->start.step == 0) {
    setting->start.identity = std::move(identity);
    return absl::OkStatus();
  }
  const std::string state = setting->states->newest();
  RETURN_IF_ERROR(AddContext(CheckIdentity(setting->start.identity, identity), state));
  progress->Log("going on", {{"state", state}, {"step", setting->start.step}});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TrainingWatch>> StartWatch(const TrainerConfig& config,
                                                          const RunContext& setting, int64_t steps,
                                                          Progress* progress) {
  const TrainingInfo info = {setting.start.version, setting.device.str(), setting.precision_name(),
                             config.epochs, steps};
  ASSIGN_OR_RETURN(
      std::unique_ptr<TrainingWatch> watch,
      TrainingWatch::Start(config.model_dir + "/tensorboard/" + info.version, config.metrics_address, info));
  if (watch->port() > 0) progress->Log("metrics", {{"port", watch->port()}});
  return watch;
}

absl::Status DescribeSetting(const TrainerConfig& config, const RunContext& setting, Report* report) {
  ASSIGN_OR_RETURN(const Machine machine, DescribeMachine(setting.device.str()));
  report->version = setting.start.version;
  report->device = setting.device.str();
  report->precision = setting.precision_name();
  report->processor = machine.description;
  report->threads = setting.threads;
  report->recipe = config.recipe;
  return absl::OkStatus();
}

}  // namespace newsgenre
