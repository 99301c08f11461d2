// From a trained checkpoint to a published one.
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
  std::optional<ClassifiedRows> test;  // none without rows
};

// Records canaries (a few texts of our own), writes the checkpoint into a folder of its own within
// `model_dir`, loads it from there through the serving code on `device`, tests it once, adds the test's
// result to the manifest and publishes. A release of the same name that holds the very same files is taken
// for this one: a process that was killed while it published goes on here. Where any of that fails, or once
// asked to stop (CANCELLED), MODEL_DIR/CURRENT stays as it was. The manifest has version and labels,
// `model_dir` exists.
absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const LabelledRows& test,
                                         const RunControl& control);

// Divides the head's logits by `temperature`, in its weights, so that whoever opens the checkpoint gets the
// same probabilities; the manifest records it.
void FoldTemperature(double temperature, Checkpoint* checkpoint);

// Adds `metrics` to the manifest as "<name>_accuracy", "<name>_loss" and "<name>_ece".
void AddMetrics(const std::string& name, const ClassificationMetrics& metrics, v1::Manifest* manifest);

}  // namespace newsgenre
