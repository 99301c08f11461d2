// The saved state of a training run: a run that is killed at any moment can be resumed.
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

// Everything that the remaining steps depend on, and the report's values of the steps that are done. The
// states of random generators are not part of it, because every step seeds them from the seed and its number.
// Tensors are fp32 on the CPU.
struct TrainingState {
  // Must be equal in the process that resumes: flags, and hashes of data and starting point, by name.
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
  // Returns the folder of the state that was loaded or saved last, or before that of the newest state,
  // damaged or not; empty if there is none.
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
