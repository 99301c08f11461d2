// The trainer's flags. flags.cc defines them, and its help texts are their documentation.
#pragma once

#include "trainer/evaluation/evaluation.h"
#include "trainer/finetuning/finetuning_config.h"
#include "trainer/import/import.h"
#include "trainer/pretraining/pretraining_config.h"

namespace newsgenre {

// Each function returns a command's settings from the parsed flags, without the recipe and not yet validated.
FinetuningConfig FinetuningFromFlags();
PretrainingConfig PretrainingFromFlags();
EvaluationConfig EvaluationFromFlags();
ImportConfig ImportFromFlags();

}  // namespace newsgenre
