// The steps of a training run: all that doesn't depend on what is learnt.
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

// Whom a training run tells.
struct RunHooks {
  Progress* progress;
  TrainingObserver* observer;
  StateStore* states;
};

// What is learnt.
struct TrainingTask {
  // Adds to the network's gradients what a piece of a step's batch gives, with so much weight for each of its
  // texts: one over the batch's. Called again for the same piece after torch was out of memory.
  std::function<BatchResult(const RowBatch& piece, double weight)> learn;
  // For errors: what a step learnt from, as in "a batch of 3 texts".
  std::function<std::string(int64_t step)> describe;
  int outcomes = 0;        // of a prediction; chance takes each equally often
  int64_t loss_steps = 0;  // last ones, whose mean loss is shown; 0: those of the epoch at hand
};

// Owns the optimizer and the state of a run, and takes one step of the plan after another: saves and shows
// when that is due, and passes less through the network at once where memory is too small. Every call from
// one thread; torch's random generators are seeded anew for every step.
class StepLoop {
 public:
  // All but the task outlive the loop, and so does what its functions refer to.
  StepLoop(const TrainerConfig& config, const RunPlan& plan, TrainingNetwork* network,
           const RunHooks& surroundings, TrainingTask task);
  StepLoop(const StepLoop&) = delete;
  StepLoop& operator=(const StepLoop&) = delete;

  // First: a fresh state with its identity and version, or one to go on from. From here on time counts.
  // FAILED_PRECONDITION where it doesn't fit this network and plan.
  absl::Status Start(TrainingState state);

  // Until `step` (1 … plan.steps()) steps are done, then shows them. Once `stop` is true it saves its state
  // after the step at hand, if there was one, and returns CANCELLED. INTERNAL where the loss diverges, with
  // the step, its description and the last good state; RESOURCE_EXHAUSTED where memory is too small even for
  // one text at a time; the store's errors where a state can't be saved; and as CatchTorch says.
  absl::Status RunTo(int64_t step, const std::atomic<bool>& stop);

  // Of these, INTERNAL as above.
  absl::Status CheckWeights() const;  // that they are numbers
  absl::Status Save();
  absl::Status SaveIfDue();

  // After `failure` with so many tokens: half of them at once from now on, or `failure` where one text alone,
  // the longest, has as many.
  absl::Status TakeFewerTokens(int64_t tokens, int64_t longest, const absl::Status& failure);
  // Most tokens that a step passes through the network at once: what fits there fits without gradients, too.
  int64_t tokens_at_once() const { return std::min(config_.batch_tokens, state_.micro_batch_tokens); }
  // Adds the seconds since it was last called to the state's, and returns them.
  double PassTime();

  // Up to date but for the tensors that change with every step: those are added to what is saved.
  TrainingState& state() { return state_; }
  const TrainingState& state() const { return state_; }
  at::Tensor CopyWeights() const;  // [parameters] fp32, on the CPU
  // Shares the loop's; the records have the steps that were shown or saved.
  RunSnapshot so_far() const { return {plan_, records_, schedule_, state_}; }

 private:
  using Clock = Progress::Clock;

  absl::Status Stop(const absl::Status& reason);
  absl::Status Step(const RowBatch& rows);
  absl::Status Learn(const RowBatch& rows);
  absl::Status Fetch();
  absl::Status Diverged(int64_t step, const std::string& problem) const;
  absl::Status Show();

  const TrainerConfig& config_;
  const RunPlan& plan_;
  TrainingNetwork& network_;
  const RunHooks surroundings_;
  const TrainingTask task_;
  const LrSchedule schedule_;
  Optimizer optimizer_;
  StepRecords records_;
  TrainingState state_;
  Clock::time_point saved_;        // when a state was last saved,
  int64_t saved_step_ = 0;         // and at which step
  double cpu_seconds_before_ = 0;  // of the run's earlier processes
  Clock::time_point timed_;        // up to when state_'s seconds count
};

}  // namespace newsgenre
