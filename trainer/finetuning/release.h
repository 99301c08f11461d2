// Turns a trained checkpoint into a published release.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/report/evaluate.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

struct Published {
  std::string folder;
  std::optional<ClassifiedRows> test;  // unset without test rows
};

// Records canaries (a few fixed texts with their probabilities), writes the checkpoint into a temporary
// folder in `model_dir`, loads it from there through the serving code on `device`, tests it, adds the test's
// metrics to the manifest, and publishes the release. A release with the same name and the same files counts
// as this one, so that a process that was killed during publication can be resumed. Returns CANCELLED if
// control.stop becomes true. After any error MODEL_DIR/CURRENT is unchanged. The manifest must have a version
// and labels, and `model_dir` must exist.
absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const LabelledRows& test,
                                         const RunControl& control);

// Divides the head's weights by `temperature`, and with them the logits, so that every reader of the
// checkpoint gets calibrated probabilities. Records the temperature in the manifest.
void FoldTemperature(double temperature, Checkpoint* checkpoint);

// Adds `metrics` to the manifest as "<name>_accuracy", "<name>_loss" and "<name>_ece".
void AddMetrics(const std::string& name, const ClassificationMetrics& metrics, v1::Manifest* manifest);

}  // namespace newsgenre
