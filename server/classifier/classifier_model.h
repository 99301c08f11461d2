// ALBERT, as the server sees a model.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/models/model.h"

namespace newsgenre {

struct ClassifierModelOptions {
  // A model folder with CURRENT, one release, or a plain Hugging Face folder of
  // AlbertForSequenceClassification.
  std::string model_dir;
  std::string device = "auto";     // as in ParseDevice
  std::string precision = "auto";  // as in ParsePrecision
  // Threads that run the model, each on a batch of its own. 0: as many as the model's share of the work keeps
  // busy, measured at load; on a GPU one.
  int workers = 0;
  // CPU threads of each worker. 0: as many as shorten a small batch enough, measured at load.
  int threads_per_worker = 0;

  static constexpr int kMaxWorkers = 64;
};

// Loads the model and measures up to which size a batch gains throughput. Returns Classifier::Load's errors.
absl::StatusOr<std::shared_ptr<const Model>> LoadClassifierModel(const ClassifierModelOptions& options);

}  // namespace newsgenre
