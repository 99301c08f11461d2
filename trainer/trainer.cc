#include "trainer/trainer.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/device.h"
#include "common/model/predict.h"
#include "trainer/data/predict_rows.h"
#include "trainer/data/random.h"
#include "trainer/data/token_dropout.h"
#include "trainer/epoch_figures.h"
#include "trainer/run_control.h"

namespace newsgenre {
namespace {

double Seconds(Progress::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

at::Tensor CopyToCpu(const at::Tensor& tensor) {
  return tensor.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

Trainer::Trainer(const TrainerConfig& config, const TrainingRows& rows, const RunPlan& plan,
                 TrainingNetwork* network, const TrainerSurroundings& surroundings)
    : config_(config),
      rows_(rows),
      plan_(plan),
      network_(*network),
      surroundings_(surroundings),
      training_rows_(rows.training, network->device()),
      validation_rows_(rows.validation, network->device()),
      schedule_{config.learning_rate, config.warmup, plan.steps(), config.schedule == "linear"},
      optimizer_(network->parameters(), {config.weight_decay, config.clip_norm}),
      records_(plan, network->device()) {
  state_.micro_batch_tokens = config.micro_batch_tokens;
}

absl::Status Trainer::Start(TrainingState state) {
  const int64_t micro_batch_tokens = state_.micro_batch_tokens;
  state_ = std::move(state);
  state_.micro_batch_tokens =
      state_.step > 0 ? std::min(state_.micro_batch_tokens, micro_batch_tokens) : micro_batch_tokens;
  if (state_.step == 0) return absl::OkStatus();
  if (state_.values.numel() != network_.parameters().count() || epoch() > config_.epochs ||
      state_.step < plan_.epoch_start(epoch()) ||
      state_.step > plan_.epoch_start(std::min<int64_t>(epoch() + 1, config_.epochs))) {
    return absl::FailedPreconditionError("the state has another network or another plan of steps");
  }
  network_.parameters().values().copy_(state_.values);
  network_.Refresh();
  optimizer_.means().copy_(state_.means);
  optimizer_.squares().copy_(state_.squares);
  optimizer_.set_steps(state_.step);
  records_.Restore(state_.records);
  RETURN_IF_ERROR(EvaluateEpochs(rows_.validation.labels, network_.model().labels(), &state_));
  state_.values = state_.means = state_.squares = state_.records = at::Tensor();
  return absl::OkStatus();
}

absl::StatusOr<TrainingResult> Trainer::Run(const std::atomic<bool>& stop) {
  timed_ = saved_ = Clock::now();
  saved_step_ = state_.step;
  while (epoch() < config_.epochs) {
    const absl::Status status = RunEpoch(stop);
    if (absl::IsCancelled(status) && state_.step > 0) RETURN_IF_ERROR(Save());
    RETURN_IF_ERROR(status);
  }
  TrainingResult result;
  result.epochs = state_.epochs;
  result.best = state_.best;
  for (const auto& [name, view] : network_.parameters().Views(state_.best_values)) {
    result.weights[name] = view.clone();
  }
  result.validation = state_.validation[state_.best];
  result.steps = Curve(records_, schedule_);
  result.seconds = state_.seconds;
  return result;
}

absl::Status Trainer::RunEpoch(const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(TrainEpoch(stop));
  ASSIGN_OR_RETURN(Probabilities validation, Validate(stop));
  AddEpoch(std::move(validation));
  surroundings_.progress->EpochDone(state_.epochs.back(), config_.epochs);
  surroundings_.observer->OnEpoch(state_.step, state_.epochs.back());
  // What comes behind the last one takes a while, too, and can be stopped.
  return epoch() == config_.epochs ? Save() : SaveIfDue();
}

absl::Status Trainer::TrainEpoch(const std::atomic<bool>& stop) {
  while (state_.step < plan_.epoch_start(epoch() + 1)) {
    RETURN_IF_ERROR(CheckStop(stop));
    RETURN_IF_ERROR(Step(plan_.batch(state_.step)));
    state_.training_seconds += PassTime();
    if (surroundings_.progress->Due(Clock::now())) RETURN_IF_ERROR(Show());
    RETURN_IF_ERROR(SaveIfDue());
  }
  return Show();
}

// With the batch in as many pieces as memory asks for.
absl::Status Trainer::Step(const RowBatch& rows) {
  absl::Status status = Learn(rows);
  while (absl::IsResourceExhausted(status) && rows.size() > 1) {
    const int64_t tokens = plan_.tokens(state_.step, state_.step + 1);
    RETURN_IF_ERROR(TakeFewerTokens(tokens, plan_.longest(rows), status));
    status = Learn(rows);
  }
  RETURN_IF_ERROR(status);
  // Not again after an error: the weights may have changed by then.
  return CatchTorch([&] {
    optimizer_.Step(schedule_.LearningRate(state_.step), network_.gradients(), network_.WordRows());
    network_.Refresh();
    ++state_.step;
    return absl::OkStatus();
  });
}

absl::Status Trainer::Learn(const RowBatch& rows) {
  return CatchTorch([&] {
    at::manual_seed(Random(config_.seed ^ (static_cast<uint64_t>(state_.step) << 20)).Next());
    network_.ZeroGradients();
    records_.Begin(state_.step);
    for (const RowBatch& piece : plan_.Pieces(rows, state_.micro_batch_tokens)) {
      LabelledBatch batch = training_rows_.Batch(piece);
      if (config_.token_dropout > 0) DropTokens(config_.token_dropout, &batch.texts);
      records_.Add(state_.step,
                   network_.Learn(batch.texts, batch.labels, 1 / static_cast<double>(rows.size())));
    }
    return absl::OkStatus();
  });
}

// After `failure` with so many tokens: half of them from now on, or `failure` where one text has as many.
absl::Status Trainer::TakeFewerTokens(int64_t tokens, int64_t longest, const absl::Status& failure) {
  if (state_.micro_batch_tokens <= longest) return failure;
  state_.micro_batch_tokens = std::min(tokens, state_.micro_batch_tokens) / 2;
  surroundings_.progress->Note(
      "out of memory: fewer tokens at once from now on",
      {{"step", state_.step + 1}, {"micro_batch_tokens", state_.micro_batch_tokens}});
  return absl::OkStatus();
}

absl::StatusOr<Probabilities> Trainer::Validate(const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(CheckWeights());
  const auto predict = [this](const RowBatch& rows) {
    return Softmax([&] { return network_.Logits(validation_rows_.Batch(rows).texts); });
  };
  const std::vector<int32_t> lengths = rows_.validation.Lengths();
  while (true) {
    const int64_t tokens = std::min(config_.batch_tokens, state_.micro_batch_tokens);
    absl::StatusOr<Probabilities> validation =
        PredictRows(lengths, {tokens, config_.batch_texts}, predict, stop);
    if (!absl::IsResourceExhausted(validation.status())) return validation;
    const int32_t longest = *std::max_element(lengths.begin(), lengths.end());
    RETURN_IF_ERROR(TakeFewerTokens(tokens, longest, validation.status()));
  }
}

absl::Status Trainer::Fetch() {
  const int64_t from = records_.fetched();
  records_.Fetch(state_.step);
  const Divergence divergence = FindDivergence(records_, from, network_.model().labels());
  if (divergence.step >= 0) return Diverged(divergence.step, divergence.problem);
  std::vector<StepPoint> points;
  for (int64_t step = from; step < state_.step; ++step) {
    points.push_back({step + 1, schedule_.LearningRate(step), records_.MeanLoss(step)});
  }
  surroundings_.observer->OnSteps(points);
  return absl::OkStatus();
}

absl::Status Trainer::Diverged(int64_t step, const std::string& problem) const {
  const RowBatch& rows = plan_.batch(step);
  const std::string state = surroundings_.states->newest();
  return absl::InternalError(absl::StrCat(
      problem, " at step ", step + 1, " (epoch ", epoch() + 1, "; a batch of ", rows.size(), " texts, lines ",
      LinesOf(rows_.training, rows), " of ", config_.train, "); the last good state is ",
      state.empty() ? "the start" : state, "; a lower --learning_rate may help"));
}

absl::Status Trainer::Show() {
  RETURN_IF_ERROR(Fetch());
  const ProgressState progress = EpochProgress({plan_, records_, schedule_, state_});
  surroundings_.progress->Show(progress, Clock::now());
  surroundings_.observer->OnProgress(progress);
  return absl::OkStatus();
}

void Trainer::AddEpoch(Probabilities validation) {
  PassTime();
  EpochResult result = EpochTraining({plan_, records_, schedule_, state_});
  result.validation = Evaluate(validation, rows_.validation.labels);
  result.validation_article_loss = ArticleLoss(validation, rows_.validation.labels, config_.batch_texts);
  result.seconds = std::exchange(state_.epoch_seconds, 0);
  state_.training_seconds = 0;
  if (epoch() == 0 || IsBetter(result.validation, state_.epochs[state_.best].validation)) {
    state_.best = static_cast<int>(epoch());
    state_.best_values = CopyToCpu(network_.parameters().values());
  }
  state_.epochs.push_back(std::move(result));
  state_.validation.push_back(std::move(validation));
}

absl::Status Trainer::SaveIfDue() {
  const bool by_steps = config_.save_steps > 0 && state_.step - saved_step_ >= config_.save_steps;
  const bool by_time =
      config_.save_minutes > 0 && Seconds(Clock::now() - saved_) >= 60 * config_.save_minutes;
  return by_steps || by_time ? Save() : absl::OkStatus();
}

absl::Status Trainer::CheckWeights() const {
  if (at::isfinite(network_.parameters().values()).all().item<bool>()) return absl::OkStatus();
  return Diverged(state_.step - 1, "the weights are no longer numbers after the update");
}

// A state that is saved was found sound: its weights are numbers, and so are the losses up to it.
absl::Status Trainer::Save() {
  RETURN_IF_ERROR(Fetch());
  RETURN_IF_ERROR(CheckWeights());
  PassTime();
  TrainingState state = state_;
  state.values = CopyToCpu(network_.parameters().values());
  state.means = CopyToCpu(optimizer_.means());
  state.squares = CopyToCpu(optimizer_.squares());
  state.records = records_.Copy();
  saved_ = Clock::now();
  saved_step_ = state_.step;
  return surroundings_.states->Save(state);
}

double Trainer::PassTime() {
  const Clock::time_point now = Clock::now();
  const double passed = Seconds(now - std::exchange(timed_, now));
  state_.seconds += passed;
  state_.epoch_seconds += passed;
  return passed;
}

}  // namespace newsgenre
