// The trainer's flags (Abseil). Their definitions in flags.cc are its manual; command_line.h parses them.
#pragma once

#include "trainer/evaluation/evaluation.h"
#include "trainer/import/import.h"
#include "trainer/run/config.h"

namespace newsgenre {

// What the flags say to each command, not yet validated. After the command line was parsed.
TrainerConfig TrainingFromFlags();         // without the recipe
PretrainingConfig PretrainingFromFlags();  // likewise
EvaluationConfig EvaluationFromFlags();
ImportConfig ImportFromFlags();

}  // namespace newsgenre
