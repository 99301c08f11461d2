// From a trained checkpoint to a published one.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/checkpoint.h"
#include "common/text/news_reader.h"
#include "trainer/evaluate.h"

namespace newsgenre {

// Rows to test with; none: no test.
struct TestRows {
  std::string file;
  std::vector<NewsRow> rows;
};

struct Published {
  std::string folder;
  std::optional<Metrics> test;  // none without rows, or where `stop` ended it
};

// Records canaries (a few texts of our own), writes the checkpoint into a folder of its own within
// `model_dir`, loads it from there through the serving code on `device`, tests it once, adds the test's
// result to the manifest and publishes; once `stop` is true the test is given up, not the release. Where any
// of that fails, MODEL_DIR/CURRENT stays as it was. The manifest has version and labels, `model_dir` exists.
absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const TestRows& test,
                                         const std::atomic<bool>& stop);

// Adds `metrics` to the manifest as "<name>_accuracy" and "<name>_loss".
void AddMetrics(const std::string& name, const Metrics& metrics, v1::Manifest* manifest);

}  // namespace newsgenre
