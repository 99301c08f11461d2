// A whole pre-training: from texts to a folder that a training starts from.
#pragma once

#include "absl/status/statusor.h"
#include "trainer/report/report.h"
#include "trainer/run/config.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

// Learns to tell hidden words from config.text and the texts of config.training.train, of which one may be
// missing, writes into model_dir the folder of a masked-language model and its report, and clears away the
// state. Saves, resumes and stops as RunTraining does. ALREADY_EXISTS where model_dir holds a model before
// it starts.
absl::StatusOr<Report> RunPretraining(const PretrainingConfig& config, const RunControl& control);

}  // namespace newsgenre
