// A training run's state on disk, so that it can be killed at any moment and go on.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trainer/report/report.h"

namespace newsgenre {

// All that the steps to come depend on, and what the report wants of those that are done. Chance is no part
// of it: every step draws its own from the seed and its number. Tensors are fp32 on the CPU.
struct TrainingState {
  // What must be the same for another process to go on: flags, hashes of data and starting point, by name.
  std::map<std::string, std::string> identity;
  std::string version;                // of the release to come
  int64_t micro_batch_tokens = 0;     // may have been halved
  int64_t step = 0;                   // steps done, of the whole run
  double epoch_seconds = 0;           // of the epoch at hand, so far
  double training_seconds = 0;        // likewise, without validation
  double seconds = 0;                 // of the run, so far
  double cpu_seconds = 0;             // likewise, of all threads of its processes
  at::Tensor values, means, squares;  // [parameters]: weights and the optimizer's moments
  at::Tensor records;  // [step, 3]: of each step the sum of its losses, its correct and all its predictions
  std::vector<EpochResult> epochs;          // validated ones
  std::vector<ProbabilityRows> validation;  // of each of those epochs, by validation row
  int best = 0;                             // index into `epochs`; with one at least,
  at::Tensor best_values;                   // [parameters]
};

// Owns a folder of states, and no other process does meanwhile. One thread at a time.
class StateStore {
 public:
  // Makes the folder where it is missing, and clears away what a killed process left half written.
  // FAILED_PRECONDITION where another process owns it.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(const std::string& folder);
  ~StateStore();
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  // The newest state that is sound; one that isn't is logged and passed over. None: there is none. DATA_LOSS
  // where there are states and not one of them is sound; as ListFolder where the folder can't be read.
  absl::StatusOr<std::optional<TrainingState>> Load();
  // All of it or nothing, synced; then all but the last two states are removed. An error leaves those that
  // were there.
  absl::Status Save(const TrainingState& state);
  // The folder of the state that was loaded or saved last; before that, of the newest that is there, sound
  // or not. Empty: there is none.
  std::string newest() const;
  // Removes the folder and all in it: the run is over. Of no further use.
  void Remove();

 private:
  StateStore(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  absl::StatusOr<std::vector<std::string>> List() const;  // names, the newest last

  const std::string folder_;
  const int lock_;      // an open file, locked
  std::string newest_;  // what was loaded or saved last
};

// OK where both are equal, else FAILED_PRECONDITION with every difference: "--epochs is 3, the state
// has 2".
absl::Status CheckIdentity(const std::map<std::string, std::string>& state,
                           const std::map<std::string, std::string>& now);

}  // namespace newsgenre
