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

// Makes the folder and checks that it can be written to, so that a run fails before its training, not after.
absl::Status PrepareModelDir(const std::string& model_dir) {
  RETURN_IF_ERROR(MakeFolder(model_dir));
  return TemporaryFolder::Make(model_dir + "/.probe-").status();
}

// Returns the saved state to resume, or a fresh one.
absl::StatusOr<TrainingState> ChooseStart(const RunConfig& config, const std::string& version,
                                          StateStore* states) {
  if (!config.resume && !states->newest().empty()) {
    return absl::FailedPreconditionError(states->newest() +
                                         " is the state of a run that isn't finished; continue it with "
                                         "--resume, or remove that folder to start a new run");
  }
  ASSIGN_OR_RETURN(std::optional<TrainingState> state, states->Load());
  if (state.has_value()) return *std::move(state);
  TrainingState fresh;
  fresh.version = version.empty() ? UtcTime() : version;
  std::error_code error;
  if (fs::exists(config.model_dir + "/" + fresh.version, error)) {
    return absl::AlreadyExistsError("release " + fresh.version + " exists in " + config.model_dir);
  }
  return fresh;
}

// Removes unfinished files of a killed run. The owner of the states is the only writer of the folder.
void RemoveLeftovers(const std::string& model_dir, const std::string& version) {
  std::vector<std::string> prefixes = {".probe-", ".staging-", version + ".tmp."};
  for (const char* file : {"CURRENT", "report.json", "report.md", "report.html"}) {
    prefixes.push_back(std::string(file) + ".tmp.");
  }
  for (const char* file : kListedFiles) prefixes.push_back(std::string(file) + ".tmp.");
  for (const std::string& name : ListFolder(model_dir).value_or(std::vector<std::string>())) {
    for (const std::string& prefix : prefixes) {
      std::error_code ignored;
      if (name.rfind(prefix, 0) == 0) fs::remove_all(absl::StrCat(model_dir, "/", name), ignored);
    }
  }
}

// Returns the flags that affect the result. Flags that name files are left out, because the identity has the
// hashes of these files.
std::map<std::string, std::string> FlagsAffectingResult(const RunConfig& config) {
  static const auto* const without_effect = new std::set<std::string>{
      "train",     "text",    "test",   "init_from",    "model_dir",  "max_bad_rows",    "device",
      "precision", "threads", "resume", "save_minutes", "save_steps", "metrics_address", "micro_batch_tokens",
  };
  std::map<std::string, std::string> flags;
  for (const auto& [flag, value] : config.recipe) {
    if (without_effect->count(flag) == 0) flags["--" + flag] = value;
  }
  return flags;
}

}  // namespace

absl::StatusOr<RunContext> PrepareContext(const RunConfig& config, const std::string& version,
                                          Progress* progress) {
  RunContext context;
  ASSIGN_OR_RETURN(context.device, ParseDevice(config.device));
  ASSIGN_OR_RETURN(context.precision, ParsePrecision(config.precision, CapabilitiesOf(context.device)));
  context.threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(context.threads);
  RETURN_IF_ERROR(PrepareModelDir(config.model_dir));
  ASSIGN_OR_RETURN(context.states, StateStore::Open(config.model_dir + "/training-state"));
  ASSIGN_OR_RETURN(context.start, ChooseStart(config, version, context.states.get()));
  RemoveLeftovers(config.model_dir, context.start.version);
  progress->Log("device", {{"requested", config.device},
                           {"used", context.device.str()},
                           {"precision", PrecisionName(context.precision)},
                           {"threads", context.threads}});
  return context;
}

absl::Status CheckRunIdentity(const RunConfig& config, const TrainingNetwork& network,
                              std::map<std::string, std::string> inputs, RunContext* context,
                              Progress* progress) {
  // Saved states hold these names and values: changing one keeps older states from resuming.
  std::map<std::string, std::string> identity = std::move(inputs);
  identity.merge(FlagsAffectingResult(config));
  const at::Tensor weights = network.parameters().values().cpu();
  identity["device"] = context->device.str();
  identity["precision"] = context->precision_name();
  identity["kernels"] = network.kernels();
  identity["threads"] = std::to_string(context->threads);
  identity["SHA-256 of the first weights"] =
      Sha256({static_cast<const char*>(weights.const_data_ptr()), weights.nbytes()});
  if (context->start.step == 0) {
    context->start.identity = std::move(identity);
    return absl::OkStatus();
  }
  const std::string state = context->states->newest();
  RETURN_IF_ERROR(AddContext(CompareIdentities(context->start.identity, identity), state));
  progress->Log("resuming", {{"state", state}, {"step", context->start.step}});
  return absl::OkStatus();
}

}  // namespace newsgenre
