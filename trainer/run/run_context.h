// What a run of training has before its data: the machine's part, and the state that it goes on from.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"
#include "trainer/run/config.h"
#include "trainer/run/training_state.h"
#include "trainer/watch/progress.h"
#include "trainer/watch/training_watch.h"

namespace newsgenre {

struct RunContext {
  c10::Device device = c10::kCPU;
  Precision precision = Precision::kFp32;
  int threads = 0;
  std::unique_ptr<StateStore> states;
  TrainingState start;  // fresh, or one to go on from

  at::ScalarType type() const { return precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat; }
  std::string precision_name() const { return std::string(PrecisionName(precision)); }
};

// Makes config.model_dir and finds out that it can be written to, takes its states, and removes what a killed
// run left there half written. FAILED_PRECONDITION where another process owns them, or a state is there and
// the config doesn't ask to go on with it; ALREADY_EXISTS for a release of that version.
absl::StatusOr<RunContext> PrepareSetting(const TrainerConfig& config, Progress* progress);

// Takes `inputs` (hashes of the data and so on, by name) with the flags that decide what is learnt, the
// machine's part and the network into the identity of a fresh run. A state to go on from must have the same:
// FAILED_PRECONDITION names what differs.
absl::Status Identify(const TrainerConfig& config, const TrainingNetwork& network,
                      std::map<std::string, std::string> inputs, RunContext* setting, Progress* progress);

// Curves for TensorBoard of a run of so many steps and, where the config asks for it, a page for Prometheus.
// Errors as TrainingWatch::Start.
absl::StatusOr<std::unique_ptr<TrainingWatch>> StartWatch(const TrainerConfig& config,
                                                          const RunContext& setting, int64_t steps,
                                                          Progress* progress);

// Fills in what the report says of the run's name, its machine and its recipe.
absl::Status DescribeSetting(const TrainerConfig& config, const RunContext& setting, Report* report);

}  // namespace newsgenre
