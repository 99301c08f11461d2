// The parts of a training run that fine-tuning and pre-training share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/training_network.h"
#include "trainer/report/report.h"
#include "trainer/run/config.h"
#include "trainer/run/run_context.h"
#include "trainer/run/step_loop.h"
#include "trainer/run/training_state.h"
#include "trainer/watch/run_control.h"
#include "trainer/watch/training_watch.h"

namespace newsgenre {

// The network in training, the plan of its steps, and their observer.
struct TrainingSetup {
  std::unique_ptr<TrainingNetwork> network;
  RunPlan plan;
  std::unique_ptr<TrainingWatch> watch;
};

// Owns a run's context and report, and measures its time. The methods must be called in the order of their
// declaration. Not thread-safe. At most one session at a time: it sets torch's number of threads.
class TrainingSession {
 public:
  // Starts to measure time, prepares the context (PrepareContext, whose errors it returns), and describes it
  // in the report. `config` must outlive the session.
  static absl::StatusOr<std::unique_ptr<TrainingSession>> Open(const RunConfig& config,
                                                               const std::string& version,
                                                               const RunControl& control);

  int threads() const { return context_.threads; }
  bool resumes() const { return context_.start.step > 0; }
  Report& report() { return report_; }

  // Copies `model` to the device for training, checks the run's identity (CheckRunIdentity, whose errors it
  // returns), plans the steps over texts of `lengths` tokens, and starts the observer (TrainingWatch::Start,
  // whose errors it returns).
  absl::StatusOr<TrainingSetup> Prepare(const Albert& model, std::vector<int32_t> lengths,
                                        const OptimizerConfig& optimizer,
                                        std::map<std::string, std::string> inputs);
  RunHooks Hooks(const TrainingSetup& setup) const;
  // Moves the state that the run starts from out of the session.
  TrainingState TakeStart() { return std::move(context_.start); }

  // Completes the report with the time of this process and of the run's earlier ones, and writes it to
  // model_dir.
  absl::Status FinishReport();
  // Removes the saved states. Call this if the run is finished or must not be resumed.
  void RemoveStates() { context_.states->Remove(); }

 private:
  TrainingSession(const RunConfig& config, const RunControl& control) : config_(config), control_(control) {}

  const RunConfig& config_;
  const RunControl control_;
  const Progress::Clock::time_point start_ = Progress::Clock::now();
  RunContext context_;
  Report report_;
};

}  // namespace newsgenre
