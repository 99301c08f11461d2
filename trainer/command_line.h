// Parses the trainer's command line: an optional command followed by flags (also in a --flagfile).
#pragma once

#include <variant>

#include "absl/status/statusor.h"
#include "trainer/evaluation/evaluation.h"
#include "trainer/finetuning/finetuning_config.h"
#include "trainer/import/import.h"
#include "trainer/pretraining/pretraining_config.h"

namespace newsgenre {

// The settings of the command to run.
using Command = std::variant<FinetuningConfig, PretrainingConfig, EvaluationConfig, ImportConfig>;

// Returns the command's settings, not yet validated. On --help prints the manual and exits; on a flag that
// can't be parsed exits with 1, as Abseil does. Returns INVALID_ARGUMENT if the command is unknown or doesn't
// take a flag that is set. Must be called once, from main().
absl::StatusOr<Command> ParseCommandLine(int argc, char** argv);

}  // namespace newsgenre
