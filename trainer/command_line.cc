#include "trainer/command_line.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "common/base/status_macros.h"
#include "trainer/flags.h"

namespace newsgenre {
namespace {

using Names = std::set<std::string>;

constexpr char kUsage[] =
    R"(trains an ALBERT model that classifies news texts by genre, and publishes it for newsgenre_server.

  newsgenre_trainer --train=train.csv --test=test.csv --model_dir=model
  newsgenre_trainer pretrain --flagfile=deploy/recipes/small-from-scratch.flags --train=train.csv --model_dir=pretrained
  newsgenre_trainer pretrain --flagfile=deploy/recipes/small-pretrain.flags --text=news.txt,wikipedia.txt.xz --train=train.csv --model_dir=pretrained
  newsgenre_trainer --flagfile=deploy/recipes/small-finetune.flags --init_from=pretrained --train=train.csv --model_dir=model
  newsgenre_trainer evaluate --model_dir=model --test=test.csv --out=report
  newsgenre_trainer import --from=model.pt --out=model

Without a command the program trains a classifier. Progress goes to standard error: one line on a terminal, otherwise
JSON lines. The table of epochs and the test's result go to standard output. The report is MODEL_DIR/report.html (also
.md and .json); the curves for TensorBoard are in MODEL_DIR/tensorboard. SIGINT or SIGTERM stops the training after the
current step and saves its state; the same command with --resume continues from there. A second signal ends the program
at once.

Exit status: 0 done; 1 failed; 2 wrong flags or data; 3 stopped by a signal (--resume continues a training).)";

constexpr char kFlagsFile[] = "trainer/flags.cc";

// Returns a source file's path, as the compiler saw it, relative to the repository's root.
std::string FromRoot(absl::string_view file) {
  const std::string path(file);
  const size_t start = path.rfind(kFlagsFile);
  return start == std::string::npos ? path : path.substr(start);
}

bool IsOurs(absl::string_view file) { return FromRoot(file) == kFlagsFile; }

// Returns the values of the flags in flags.cc, by name.
std::map<std::string, std::string> FlagValues() {
  std::map<std::string, std::string> values;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(flag->Filename())) values[std::string(name)] = flag->CurrentValue();
  }
  return values;
}

// Returns the flags that don't have their default value.
Names FlagsSet() {
  Names names;
  for (const auto& [name, value] : FlagValues()) {
    if (value != absl::FindCommandLineFlag(name)->DefaultValue()) names.insert(name);
  }
  return names;
}

absl::Status NotTaken(const std::string& flag, const std::string& command) {
  return absl::InvalidArgumentError("--" + flag + " is set; " + command + " doesn't take it");
}

absl::Status CheckTaken(const std::string& command, const Names& taken) {
  for (const std::string& flag : FlagsSet()) {
    if (taken.count(flag) == 0) return NotTaken(flag, command);
  }
  return absl::OkStatus();
}

// Returns the values of all flags except `not_taken`. Returns INVALID_ARGUMENT if one of those is set.
absl::StatusOr<std::map<std::string, std::string>> Recipe(const std::string& command,
                                                          const Names& not_taken) {
  std::map<std::string, std::string> recipe = FlagValues();
  const Names set = FlagsSet();
  for (const std::string& flag : not_taken) {
    if (set.count(flag) > 0) return NotTaken(flag, command);
    recipe.erase(flag);
  }
  return recipe;
}

absl::StatusOr<Command> Finetuning() {
  FinetuningConfig config = FinetuningFromFlags();
  ASSIGN_OR_RETURN(config.run.recipe, Recipe("training", {"from", "out", "text"}));
  return Command(std::move(config));
}

absl::StatusOr<Command> Pretraining() {
  PretrainingConfig config = PretrainingFromFlags();
  ASSIGN_OR_RETURN(config.run.recipe, Recipe("pretrain", {"from", "out", "test", "head", "classifier_dropout",
                                                          "token_dropout", "model_version"}));
  return Command(std::move(config));
}

}  // namespace

absl::StatusOr<Command> ParseCommandLine(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = IsOurs;
  usage.contains_helpshort_flags = IsOurs;
  usage.normalize_filename = FromRoot;
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  const std::string command = words.size() > 1 ? words[1] : "";
  if (words.size() > 2) {
    return absl::InvalidArgumentError("'" + std::string(words[2]) + "' is not a flag; see --help");
  }
  if (command.empty()) return Finetuning();
  if (command == "pretrain") return Pretraining();
  if (command == "evaluate") {
    const Names taken = {"model_dir", "test", "out", "max_bad_rows", "device", "precision", "threads"};
    RETURN_IF_ERROR(CheckTaken(command, taken));
    return Command(EvaluationFromFlags());
  }
  if (command == "import") {
    RETURN_IF_ERROR(CheckTaken(command, {"from", "out"}));
    return Command(ImportFromFlags());
  }
  return absl::InvalidArgumentError(
      "'" + command +
      "' is neither a flag nor one of the commands pretrain, evaluate and import; see --help");
}

}  // namespace newsgenre
