// ALBERT as a Model, and the choice of the threads that run it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kernels/kernel_choice.h"
#include "server/models/model.h"

namespace newsgenre {

struct ClassifierModelOptions {
  static constexpr int kMaxWorkers = 64;

  std::string model_dir;           // see Classifier::Load
  std::string device = "auto";     // see ParseDevice
  std::string precision = "auto";  // see ParsePrecision
  int workers = 0;                 // threads that run batches; 0 chooses
  int threads_per_worker = 0;      // CPU threads of each worker; 0 chooses
};

// How a process runs its models. Chosen once per process, because all models share torch's threads.
struct ComputePlan {
  int workers = 1;
  int threads_per_worker = 1;
  std::vector<KernelChoice> kernels;  // see ClassifierOptions::kernels
};

struct FirstModel {
  std::shared_ptr<const Model> model;
  ComputePlan plan;
};

// Loads the first model of the process and chooses the process's plan. Workers and threads that are 0 in
// `options` are chosen by measurement on the CPU; on a GPU there is one worker unless `options` sets more.
// Also measures the model's batch limits. Returns Classifier::Load's errors.
//
// Sets the number of torch's CPU threads for the calling thread and for all threads that have not yet
// computed with torch. Call it once, before any other thread does.
absl::StatusOr<FirstModel> LoadFirstModel(const ClassifierModelOptions& options);

// Loads another model, to run according to `plan`. Ignores the workers and threads of `options`. Measures the
// model's batch limits. Returns Classifier::Load's errors.
//
// Changes no setting of the process or of the calling thread, so another model can serve meanwhile. Call it
// on a new thread, because new threads compute with the process's number of CPU threads. Only tests call it
// so far: the server serves one model until it stops.
absl::StatusOr<std::shared_ptr<const Model>> LoadNextModel(const ClassifierModelOptions& options,
                                                           const ComputePlan& plan);

}  // namespace newsgenre
