// Prepares the device, the threads and the saved states of a training run.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "trainer/network/training_network.h"
#include "trainer/run/config.h"
#include "trainer/run/training_state.h"
#include "trainer/watch/progress.h"

namespace newsgenre {

struct RunContext {
  c10::Device device = c10::kCPU;
  Precision precision = Precision::kFp32;
  int threads = 0;
  std::unique_ptr<StateStore> states;
  TrainingState start;  // fresh, or a saved state to resume

  at::ScalarType type() const { return precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat; }
  std::string precision_name() const { return std::string(PrecisionName(precision)); }
};

// Sets torch's number of threads, makes config.model_dir, checks that it can be written to, opens its saved
// states, and removes the unfinished files of a killed run. `version` is that of a fresh run; empty: the UTC
// time. Returns FAILED_PRECONDITION if another process uses the states, or if a state exists and
// config.resume is false, and ALREADY_EXISTS if model_dir has a release of that version.
absl::StatusOr<RunContext> PrepareContext(const RunConfig& config, const std::string& version,
                                          Progress* progress);

// Builds the identity of a run from `inputs` (values by name, such as hashes of the data), the flags that
// affect the result, the device, the precision, the kernels, the threads and the weights. Stores it in a
// fresh run's state. Returns FAILED_PRECONDITION with the differences if the state to resume has another
// identity.
absl::Status CheckRunIdentity(const RunConfig& config, const TrainingNetwork& network,
                              std::map<std::string, std::string> inputs, RunContext* context,
                              Progress* progress);

}  // namespace newsgenre
