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
#include "trainer/run_control.h"

namespace newsgenre {
namespace {

double Seconds(Progress::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

bool IsBetter(const Metrics& a, const Metrics& b) {
  return a.correct() != b.correct() ? a.correct() > b.correct() : a.loss < b.loss;
}

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
  state_.forward_tokens = config.forward_tokens;
}

absl::Status Trainer::Start(TrainingState state) {
  if (state.step == 0) {
    state_.identity = std::move(state.identity);
    state_.version = std::move(state.version);
    return absl::OkStatus();
  }
  const auto epochs = static_cast<int64_t>(state.epochs.size());
  if (state.values.numel() != network_.parameters().count() || state.step > plan_.steps() ||
      epochs > config_.epochs || state.step < plan_.epoch_start(epochs)) {
    return absl::FailedPreconditionError("the state has another network or another plan of steps");
  }
  network_.parameters().values().copy_(state.values);
  network_.Refresh();
  optimizer_.means().copy_(state.means);
  optimizer_.squares().copy_(state.squares);
  optimizer_.set_steps(state.step);
  records_.Restore(state.records);
  for (int64_t i = 0; i < epochs; ++i) {
    state.epochs[i].validation = Evaluate(state.validation[i], rows_.validation.labels);
  }
  state_ = std::move(state);
  state_.forward_tokens = std::min(state_.forward_tokens, config_.forward_tokens);
  return absl::OkStatus();
}

absl::StatusOr<TrainingResult> Trainer::Run(const std::atomic<bool>& stop) {
  timed_ = saved_ = Clock::now();
  saved_step_ = state_.step;
  while (epoch() < config_.epochs) {
    const absl::Status status = RunEpoch(stop);
    if (absl::IsCancelled(status)) RETURN_IF_ERROR(Save());
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
  surroundings_.observer->OnEpoch(state_.epochs.back());
  // What comes behind the last one takes a while, too, and can be stopped.
  return epoch() == config_.epochs ? Save() : SaveIfDue();
}

absl::Status Trainer::TrainEpoch(const std::atomic<bool>& stop) {
  first_start_ = Clock::now();
  first_step_ = state_.step;
  while (state_.step < plan_.epoch_start(epoch() + 1)) {
    RETURN_IF_ERROR(CheckStop(stop));
    RETURN_IF_ERROR(Step(plan_.batch(state_.step)));
    const Clock::time_point now = Clock::now();
    if (surroundings_.progress->Due(now)) {
      RETURN_IF_ERROR(Fetch());
      Show();
    }
    RETURN_IF_ERROR(SaveIfDue());
  }
  RETURN_IF_ERROR(Fetch());
  Show();
  return absl::OkStatus();
}

// With the batch in as many pieces as memory asks for.
absl::Status Trainer::Step(const RowBatch& rows) {
  absl::Status status = LearnFrom(rows);
  while (absl::IsResourceExhausted(status)) {
    if (rows.size() == 1 || state_.forward_tokens <= plan_.longest(rows)) return status;
    const int64_t tokens = plan_.tokens(state_.step, state_.step + 1);
    state_.forward_tokens = std::min(tokens, state_.forward_tokens) / 2;
    surroundings_.progress->Note("out of memory: fewer tokens at once from now on",
                                 {{"step", state_.step + 1}, {"forward_tokens", state_.forward_tokens}});
    status = LearnFrom(rows);
  }
  return status;
}

absl::Status Trainer::LearnFrom(const RowBatch& rows) {
  return CatchTorch([&] {
    at::manual_seed(Random(config_.seed ^ (static_cast<uint64_t>(state_.step) << 20)).Next());
    network_.ZeroGradients();
    records_.Begin(state_.step);
    for (const RowBatch& piece : plan_.Pieces(rows, state_.forward_tokens)) {
      LabelledBatch batch = training_rows_.Batch(piece);
      if (config_.token_dropout > 0) DropTokens(config_.token_dropout, &batch.texts);
      records_.Add(state_.step,
                   network_.Learn(batch.texts, batch.labels, 1 / static_cast<double>(rows.size())));
    }
    optimizer_.Step(schedule_.LearningRate(state_.step), network_.gradients());
    network_.Refresh();
    ++state_.step;
    return absl::OkStatus();
  });
}

absl::StatusOr<Probabilities> Trainer::Validate(const std::atomic<bool>& stop) const {
  const auto predict = [this](const RowBatch& rows) {
    return Softmax([&] { return network_.Logits(validation_rows_.Batch(rows).texts); });
  };
  const int64_t tokens = std::min(config_.batch_tokens, state_.forward_tokens);
  return PredictRows(rows_.validation.Lengths(), {tokens, config_.batch_texts}, predict, stop);
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
  constexpr size_t kShown = 8;
  const RowBatch& rows = plan_.batch(step);
  std::string lines;
  for (size_t i = 0; i < std::min(kShown, rows.size()); ++i) {
    absl::StrAppend(&lines, i == 0 ? "" : ", ", rows_.training.lines[rows[i]]);
  }
  if (rows.size() > kShown) lines += ", …";
  const std::string state = surroundings_.states->newest();
  return absl::InternalError(
      absl::StrCat(problem, " at step ", step + 1, " (epoch ", epoch() + 1, "; a batch of ", rows.size(),
                   " texts, lines ", lines, " of ", config_.train, "); the last good state is ",
                   state.empty() ? "the start" : state, "; a lower --learning_rate may help"));
}

void Trainer::Show() {
  const StepSums sums = records_.Sum(plan_.epoch_start(epoch()), state_.step);
  const StepSums here = records_.Sum(first_step_, state_.step);
  const double seconds = Seconds(Clock::now() - first_start_);
  shown_.epoch = static_cast<int>(epoch()) + 1;
  shown_.epochs = config_.epochs;
  shown_.step = state_.step;
  shown_.steps = plan_.steps();
  shown_.loss = sums.loss / static_cast<double>(sums.texts);
  shown_.accuracy = static_cast<double>(sums.correct) / static_cast<double>(sums.texts);
  shown_.learning_rate = schedule_.LearningRate(state_.step - 1);
  shown_.texts_per_second = static_cast<double>(here.texts) / seconds;
  shown_.tokens_per_second = static_cast<double>(plan_.tokens(first_step_, state_.step)) / seconds;
  const int64_t texts_left = (config_.epochs - epoch()) * plan_.rows() - sums.texts;
  shown_.seconds_left = here.texts == 0 ? 0 : static_cast<double>(texts_left) / shown_.texts_per_second;
  surroundings_.progress->Show(shown_, Clock::now());
  surroundings_.observer->OnProgress(shown_);
}

void Trainer::AddEpoch(Probabilities validation) {
  PassTime();
  const int64_t start = plan_.epoch_start(epoch());
  const StepSums sums = records_.Sum(start, state_.step);
  EpochResult result;
  result.epoch = static_cast<int>(epoch()) + 1;
  result.steps = state_.step - start;
  result.training_loss = sums.loss / static_cast<double>(sums.texts);
  result.training_article_loss = sums.mean_loss / static_cast<double>(sums.texts);
  result.training_correct = sums.correct;
  result.training_accuracy = static_cast<double>(sums.correct) / static_cast<double>(sums.texts);
  result.validation = Evaluate(validation, rows_.validation.labels);
  result.validation_article_loss = ArticleLoss(validation, rows_.validation.labels, config_.batch_texts);
  result.learning_rate = schedule_.LearningRate(state_.step - 1);
  result.seconds = std::exchange(state_.epoch_seconds, 0);
  result.texts_per_second = shown_.texts_per_second;
  result.tokens_per_second = shown_.tokens_per_second;
  if (epoch() == 0 || IsBetter(result.validation, state_.epochs[state_.best].validation)) {
    state_.best = static_cast<int>(epoch());
    state_.best_values = CopyToCpu(network_.parameters().values());
  }
  state_.epochs.push_back(std::move(result));
  state_.validation.push_back(std::move(validation));
}

absl::Status Trainer::SaveIfDue() {
  const bool by_steps = config_.save_steps > 0 && state_.step >= saved_step_ + config_.save_steps;
  const bool by_time =
      config_.save_minutes > 0 && Seconds(Clock::now() - saved_) >= 60 * config_.save_minutes;
  return by_steps || by_time ? Save() : absl::OkStatus();
}

// A state that is saved was found sound: its weights are numbers, and so are the losses up to it.
absl::Status Trainer::Save() {
  RETURN_IF_ERROR(Fetch());
  const at::Tensor& values = network_.parameters().values();
  if (state_.step > 0 && !at::isfinite(values).all().item<bool>()) {
    return Diverged(state_.step - 1, "the weights are no longer numbers after the update");
  }
  PassTime();
  TrainingState state = state_;
  state.values = CopyToCpu(values);
  state.means = CopyToCpu(optimizer_.means());
  state.squares = CopyToCpu(optimizer_.squares());
  state.records = records_.Copy();
  saved_ = Clock::now();
  saved_step_ = state_.step;
  return surroundings_.states->Save(state);
}

void Trainer::PassTime() {
  const Clock::time_point now = Clock::now();
  const double passed = Seconds(now - std::exchange(timed_, now));
  state_.seconds += passed;
  state_.epoch_seconds += passed;
}

}  // namespace newsgenre
