// What a run of training has before its data: the machine's part, and the state that it goes on from.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/model/precision.h"
#include "trainer/config.h"
#include "trainer/network/training_network.h"
#include "trainer/progress.h"
#include "trainer/training_state.h"

namespace newsgenre {

struct RunSetting {
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
absl::StatusOr<RunSetting> PrepareSetting(const TrainerConfig& config, Progress* progress);

// Takes `inputs` (hashes of the data and so on, by name) with the flags that decide what is learnt, the
// machine's part and the network into the identity of a fresh run. A state to go on from must have the same:
// FAILED_PRECONDITION names what differs.
absl::Status Identify(const TrainerConfig& config, const TrainingNetwork& network,
                      std::map<std::string, std::string> inputs, RunSetting* setting, Progress* progress);

}  // namespace newsgenre
