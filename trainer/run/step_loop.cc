#include "trainer/run/step_loop.h"

#include <ATen/Context.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "trainer/data/random.h"
#include "trainer/run/run_report.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {
namespace {

double Seconds(Progress::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

at::Tensor CopyToCpu(const at::Tensor& tensor) {
  return tensor.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

StepLoop::StepLoop(const StepLoopConfig& config, const RunPlan& plan, TrainingNetwork* network,
                   const RunHooks& hooks, TrainingTask task)
    : config_(config),
      plan_(plan),
      network_(*network),
      hooks_(hooks),
      task_(std::move(task)),
      schedule_{config.optimizer.learning_rate, config.optimizer.warmup, plan.steps(),
                config.optimizer.schedule == "linear"},
      optimizer_(network->parameters(), {config.optimizer.weight_decay, config.optimizer.clip_norm}),
      records_(plan.steps(), network->device()) {}

absl::Status StepLoop::Start(TrainingState state) {
  state_ = std::move(state);
  const int64_t tokens = config_.run.micro_batch_tokens;
  state_.micro_batch_tokens = state_.step > 0 ? std::min(state_.micro_batch_tokens, tokens) : tokens;
  counted_until_ = saved_ = Clock::now();
  saved_step_ = state_.step;
  earlier_cpu_seconds_ = state_.cpu_seconds;
  if (state_.step == 0) return absl::OkStatus();
  if (state_.values.numel() != network_.parameters().count() || state_.step > plan_.steps()) {
    return absl::FailedPreconditionError("the state has another network or another plan of steps");
  }
  network_.parameters().values().copy_(state_.values);
  network_.Refresh();
  optimizer_.means().copy_(state_.means);
  optimizer_.squares().copy_(state_.squares);
  optimizer_.set_steps(state_.step);
  records_.Restore(state_.records);
  state_.values = state_.means = state_.squares = state_.records = at::Tensor();
  return absl::OkStatus();
}

absl::Status StepLoop::RunTo(int64_t step, const std::atomic<bool>& stop) {
  while (state_.step < step) {
    const absl::Status status = CheckStop(stop);
    if (!status.ok()) return Stop(status);
    RETURN_IF_ERROR(Step(plan_.batch(state_.step)));
    state_.training_seconds += CountTime();
    if (hooks_.progress->Due(Clock::now())) RETURN_IF_ERROR(ShowProgress());
    RETURN_IF_ERROR(SaveIfDue());
  }
  return ShowProgress();
}

absl::Status StepLoop::Stop(const absl::Status& reason) {
  if (state_.step > 0) RETURN_IF_ERROR(Save());
  return reason;
}

absl::Status StepLoop::Step(const RowBatch& batch) {
  absl::Status status = AccumulateGradients(batch);
  while (absl::IsResourceExhausted(status) && batch.size() > 1) {
    const int64_t tokens = plan_.tokens(state_.step, state_.step + 1);
    RETURN_IF_ERROR(ReduceMicroBatch(tokens, plan_.max_length(batch), status));
    status = AccumulateGradients(batch);
  }
  RETURN_IF_ERROR(status);
  // Not repeated after an error: the weights may have changed already.
  return CatchTorch([&] {
    optimizer_.Step(schedule_.LearningRate(state_.step), network_.gradients(),
                    network_.WordRowsWithGradients());
    network_.Refresh();
    ++state_.step;
    return absl::OkStatus();
  });
}

absl::Status StepLoop::AccumulateGradients(const RowBatch& batch) {
  return CatchTorch([&] {
    at::manual_seed(Random(config_.run.seed ^ (static_cast<uint64_t>(state_.step) << 20)).Next());
    network_.ZeroGradients();
    records_.Reset(state_.step);
    for (const RowBatch& micro_batch : plan_.MicroBatches(batch, state_.micro_batch_tokens)) {
      records_.Add(state_.step,
                   task_.accumulate_gradients(micro_batch, 1 / static_cast<double>(batch.size())));
    }
    return absl::OkStatus();
  });
}

absl::Status StepLoop::ReduceMicroBatch(int64_t tokens, int64_t longest, const absl::Status& failure) {
  if (state_.micro_batch_tokens <= longest) return failure;
  state_.micro_batch_tokens = std::min(tokens, state_.micro_batch_tokens) / 2;
  hooks_.progress->Log("out of memory: micro-batch halved",
                       {{"step", state_.step + 1}, {"micro_batch_tokens", state_.micro_batch_tokens}});
  return absl::OkStatus();
}

absl::Status StepLoop::FetchRecords() {
  const int64_t from = records_.fetched();
  records_.Fetch(state_.step);
  const Divergence divergence = FindDivergence(records_, from, task_.classes);
  if (divergence.step >= 0) return Diverged(divergence.step, divergence.problem);
  std::vector<StepPoint> points;
  for (int64_t step = from; step < state_.step; ++step) {
    points.push_back({step + 1, schedule_.LearningRate(step), records_.MeanLoss(step)});
  }
  hooks_.observer->OnSteps(points);
  return absl::OkStatus();
}

absl::Status StepLoop::Diverged(int64_t step, const std::string& problem) const {
  const std::string state = hooks_.states->newest();
  return absl::InternalError(absl::StrCat(problem, " at step ", step + 1, " (", task_.describe_batch(step),
                                          "); the last good state is ", state.empty() ? "the start" : state,
                                          "; a lower --learning_rate may help"));
}

absl::Status StepLoop::ShowProgress() {
  RETURN_IF_ERROR(FetchRecords());
  const ProgressState progress = ComputeProgress(snapshot(), task_.loss_steps);
  hooks_.progress->Show(progress, Clock::now());
  hooks_.observer->OnProgress(progress);
  return absl::OkStatus();
}

absl::Status StepLoop::SaveIfDue() {
  const bool by_steps = config_.run.save_steps > 0 && state_.step - saved_step_ >= config_.run.save_steps;
  const bool by_time =
      config_.run.save_minutes > 0 && Seconds(Clock::now() - saved_) >= 60 * config_.run.save_minutes;
  return by_steps || by_time ? Save() : absl::OkStatus();
}

absl::Status StepLoop::CheckWeights() const {
  if (at::isfinite(network_.parameters().values()).all().item<bool>()) return absl::OkStatus();
  return Diverged(state_.step - 1, "the weights are no longer numbers after the update");
}

absl::Status StepLoop::Save() {
  RETURN_IF_ERROR(FetchRecords());
  RETURN_IF_ERROR(CheckWeights());
  CountTime();
  state_.cpu_seconds = earlier_cpu_seconds_ + CpuSeconds();
  TrainingState state = state_;
  state.values = CopyWeights();
  state.means = CopyToCpu(optimizer_.means());
  state.squares = CopyToCpu(optimizer_.squares());
  state.records = records_.Copy();
  saved_ = Clock::now();
  saved_step_ = state_.step;
  return hooks_.states->Save(state);
}

at::Tensor StepLoop::CopyWeights() const { return CopyToCpu(network_.parameters().values()); }

double StepLoop::CountTime() {
  const Clock::time_point now = Clock::now();
  const double passed = Seconds(now - std::exchange(counted_until_, now));
  state_.seconds += passed;
  state_.epoch_seconds += passed;
  return passed;
}

}  // namespace newsgenre
