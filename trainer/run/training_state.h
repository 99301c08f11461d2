// The saved state of a training run, from which a killed run can be resumed.
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

// Everything that the remaining steps depend on, and the values that the report needs of the finished steps.
// Has no states of random generators, because every step seeds them from the run's seed and its own number.
// Tensors are fp32 on the CPU.
struct TrainingState {
  // Flags, and hashes of the data and the starting point, by name. Must be equal when the run is resumed.
  std::map<std::string, std::string> identity;
  std::string version;                      // of the release to publish
  int64_t micro_batch_tokens = 0;           // lowered if memory ran out
  int64_t step = 0;                         // steps done in the whole run
  double epoch_seconds = 0;                 // of the current epoch
  double training_seconds = 0;              // of the current epoch, without validation
  double seconds = 0;                       // of the run
  double cpu_seconds = 0;                   // of the run, over all threads of its processes
  at::Tensor values, means, squares;        // [parameters]: the weights, and the optimizer's moments
  at::Tensor records;                       // [step, 3]: sum of the losses, correct and all predictions
  std::vector<EpochResult> epochs;          // validated epochs
  std::vector<ProbabilityRows> validation;  // of each of those epochs, by validation row
  int best = 0;                             // index into `epochs`; meaningless without epochs
  at::Tensor best_values;                   // [parameters] of the best epoch
};

// Owns a folder of saved states, and excludes other processes from it with a lock. Not thread-safe.
class StateStore {
 public:
  // Makes the folder if it is missing, and removes the unfinished files of a killed process. Returns
  // FAILED_PRECONDITION if another process owns the folder.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(const std::string& folder);
  ~StateStore();
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  // Returns the newest undamaged state, or nullopt if there are no states; logs damaged ones. Returns
  // DATA_LOSS if all states are damaged, and ListFolder's errors.
  absl::StatusOr<std::optional<TrainingState>> Load();
  // Writes the state atomically and syncs it, then removes all but the last two states. On an error the
  // states that exist are kept.
  absl::Status Save(const TrainingState& state);
  // Returns the path of the state that was loaded or saved last. Before the first Load or Save, returns the
  // path of the newest state, which can be damaged, or "" if there is none.
  std::string newest() const;
  // Removes the folder with its states. The store can't be used afterwards.
  void Remove();

 private:
  StateStore(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  absl::StatusOr<std::vector<std::string>> List() const;  // names of the states, the newest last

  const std::string folder_;
  const int lock_;      // file descriptor, locked
  std::string newest_;  // state that was loaded or saved last
};

// Returns FAILED_PRECONDITION with every difference if the identities differ: "--epochs is 3, the state has
// 2".
absl::Status CompareIdentities(const std::map<std::string, std::string>& state,
                               const std::map<std::string, std::string>& now);

}  // namespace newsgenre
