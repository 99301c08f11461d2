// A whole pre-training: from texts to a folder that fine-tuning starts from.
#pragma once

#include "absl/status/statusor.h"
#include "trainer/pretraining/pretraining_config.h"
#include "trainer/report/report.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// Trains a masked-language model on config.text and the texts of config.data.train, and writes its Hugging
// Face folder and the report into config.run.model_dir. `config` must be valid. Saves its state, resumes and
// stops like RunFinetuning, and returns the same errors. Returns ALREADY_EXISTS if model_dir already holds a
// model.
absl::StatusOr<Report> RunPretraining(const PretrainingConfig& config, const RunControl& control);

}  // namespace newsgenre
