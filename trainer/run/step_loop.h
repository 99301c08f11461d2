// The steps of a training run, independent of what it trains.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/lr_schedule.h"
#include "trainer/network/optimizer.h"
#include "trainer/network/training_network.h"
#include "trainer/run/config.h"
#include "trainer/run/epoch_stats.h"
#include "trainer/run/step_records.h"
#include "trainer/run/training_state.h"
#include "trainer/watch/progress.h"
#include "trainer/watch/training_observer.h"

namespace newsgenre {

// The receivers of a run's progress, events and states.
struct RunHooks {
  Progress* progress = nullptr;
  TrainingObserver* observer = nullptr;
  StateStore* states = nullptr;
};

// What a run trains.
struct TrainingTask {
  // Adds the gradients of a micro-batch (a part of a step's batch) to the network's, with `weight` per text,
  // which is one over the batch's texts. Called again for the same texts after torch ran out of memory.
  std::function<BatchResult(const RowBatch& micro_batch, double weight)> accumulate_gradients;
  // Describes a step's batch for an error, as in "a batch of 3 texts".
  std::function<std::string(int64_t step)> describe_batch;
  int classes = 0;         // number of classes of a prediction
  int64_t loss_steps = 0;  // progress shows the mean loss of this many last steps; 0: of the epoch so far
};

// The settings of a StepLoop.
struct StepLoopConfig {
  const OptimizerConfig& optimizer;
  const RunConfig& run;
};

// Owns the optimizer and the state of a run, and executes the steps of its plan. Saves states and shows
// progress when due, and halves the micro-batch when memory runs out. Reseeds torch's random generators for
// each step. Not thread-safe.
class StepLoop {
 public:
  // Everything that the arguments refer to must outlive the loop.
  StepLoop(const StepLoopConfig& config, const RunPlan& plan, TrainingNetwork* network, const RunHooks& hooks,
           TrainingTask task);
  StepLoop(const StepLoop&) = delete;
  StepLoop& operator=(const StepLoop&) = delete;

  // Sets the initial state, fresh (with identity and version) or saved, and starts to measure time. Must be
  // called first. Returns FAILED_PRECONDITION if the state doesn't fit the network or the plan.
  absl::Status Start(TrainingState state);

  // Runs until `step` (1 … plan.steps()) steps are done, then shows the progress. Once `stop` is true, saves
  // the state after the current step, if any step was done, and returns CANCELLED. Returns INTERNAL if the
  // loss diverges, with the step, its batch and the last good state; RESOURCE_EXHAUSTED if memory doesn't
  // suffice for a single text; the errors of StateStore::Save and CatchTorch.
  absl::Status RunTo(int64_t step, const std::atomic<bool>& stop);

  // Returns INTERNAL, as RunTo does, if a weight is not finite.
  absl::Status CheckWeights() const;
  // Saves the state. Returns INTERNAL, as RunTo does, if the loss diverged or a weight is not finite.
  absl::Status Save();
  absl::Status SaveIfDue();  // Save if the flags save_minutes or save_steps require it now

  // Halves the micro-batch after a pass with `tokens` tokens ended with `failure`. Returns `failure` if the
  // micro-batch is no larger than `longest`, the tokens of the longest text.
  absl::Status ReduceMicroBatch(int64_t tokens, int64_t longest, const absl::Status& failure);
  // The most tokens of a pass through the network. A pass of this size without gradients fits in memory.
  int64_t max_pass_tokens() const {
    return std::min(config_.optimizer.batch_tokens, state_.micro_batch_tokens);
  }
  // Adds the seconds since the last call to the state's, and returns them.
  double CountTime();

  // The current state, except for the weights, moments and records, which Save adds.
  TrainingState& state() { return state_; }
  const TrainingState& state() const { return state_; }
  at::Tensor CopyWeights() const;  // [parameters] fp32, on the CPU
  // Refers to the loop's members. The records have the steps up to the last Save or progress.
  RunSnapshot snapshot() const { return {plan_, records_, schedule_, state_}; }

 private:
  using Clock = Progress::Clock;

  absl::Status Stop(const absl::Status& reason);
  absl::Status Step(const RowBatch& batch);
  absl::Status AccumulateGradients(const RowBatch& batch);
  absl::Status FetchRecords();
  absl::Status Diverged(int64_t step, const std::string& problem) const;
  absl::Status ShowProgress();

  const StepLoopConfig config_;
  const RunPlan& plan_;
  TrainingNetwork& network_;
  const RunHooks hooks_;
  const TrainingTask task_;
  const LrSchedule schedule_;
  Optimizer optimizer_;
  StepRecords records_;
  TrainingState state_;
  Clock::time_point saved_;          // time of the last saved state
  int64_t saved_step_ = 0;           // its step
  double earlier_cpu_seconds_ = 0;   // of the run's earlier processes
  Clock::time_point counted_until_;  // the state's seconds include the time up to here
};

}  // namespace newsgenre
