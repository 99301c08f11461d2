// The trainer's command line: a command's name, or none, and flags (also --flagfile).
#pragma once

#include <variant>

#include "absl/status/statusor.h"
#include "trainer/evaluation/evaluation.h"
#include "trainer/import/import.h"
#include "trainer/run/config.h"

namespace newsgenre {

// What to do: train, pretrain, evaluate or import.
using Command = std::variant<TrainerConfig, PretrainingConfig, EvaluationConfig, ImportConfig>;

// The command with what its flags say, not yet validated. Prints the manual and exits on --help; exits with 1
// on a flag that it can't read, as Abseil does. INVALID_ARGUMENT for words that are no command, and for a
// flag that the command doesn't take. Once, from main().
absl::StatusOr<Command> ParseCommandLine(int argc, char** argv);

}  // namespace newsgenre
