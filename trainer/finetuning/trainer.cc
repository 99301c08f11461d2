#include "trainer/finetuning/trainer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/inference/predict.h"
#include "trainer/data/predict_rows.h"
#include "trainer/data/token_dropout.h"
#include "trainer/run/epoch_stats.h"

namespace newsgenre {

Trainer::Trainer(const TrainerConfig& config, const TrainingRows& rows, const RunPlan& plan,
                 TrainingNetwork* network, const RunHooks& surroundings)
    : config_(config),
      rows_(rows),
      plan_(plan),
      network_(*network),
      surroundings_(surroundings),
      training_rows_(rows.training, network->device()),
      validation_rows_(rows.validation, network->device()),
      loop_(config, plan, network, surroundings, Task()) {}

TrainingTask Trainer::Task() {
  TrainingTask task;
  task.learn = [this](const RowBatch& rows, double weight) { return Learn(rows, weight); };
  task.describe = [this](int64_t step) { return Describe(step); };
  task.outcomes = network_.model().labels();
  return task;
}

BatchResult Trainer::Learn(const RowBatch& rows, double weight) {
  LabelledBatch batch = training_rows_.Batch(rows);
  if (config_.token_dropout > 0) DropTokens(config_.token_dropout, &batch.texts);
  return network_.AccumulateGradients(batch.texts, {batch.labels}, weight);
}

std::string Trainer::Describe(int64_t step) const {
  const RowBatch& rows = plan_.batch(step);
  return absl::StrCat("epoch ", epoch() + 1, "; a batch of ", rows.size(), " texts, lines ",
                      LinesOf(rows_.training, rows), " of ", config_.train);
}

absl::Status Trainer::Start(TrainingState state) {
  const auto epochs = static_cast<int64_t>(state.epochs.size());
  if (state.step > 0 && (epochs > config_.epochs || state.step < plan_.epoch_start(epochs) ||
                         state.step > plan_.epoch_start(std::min<int64_t>(epochs + 1, config_.epochs)))) {
    return absl::FailedPreconditionError("the state has another network or another plan of steps");
  }
  RETURN_IF_ERROR(loop_.Start(std::move(state)));
  return EvaluateEpochs(rows_.validation.labels, network_.model().labels(), &loop_.state());
}

absl::StatusOr<TrainingResult> Trainer::Run(const std::atomic<bool>& stop) {
  while (epoch() < config_.epochs) RETURN_IF_ERROR(RunEpoch(stop));
  const TrainingState& state = loop_.state();
  TrainingResult result;
  result.epochs = state.epochs;
  result.best = state.best;
  for (const auto& [name, view] : network_.parameters().Views(state.best_values)) {
    result.weights[name] = view.clone();
  }
  result.validation = state.validation[state.best];
  result.steps = Curve(loop_.so_far().records, loop_.so_far().schedule);
  result.seconds = state.seconds;
  return result;
}

absl::Status Trainer::RunEpoch(const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(loop_.RunTo(plan_.epoch_start(epoch() + 1), stop));
  absl::StatusOr<ProbabilityRows> validation = Validate(stop);
  if (absl::IsCancelled(validation.status())) RETURN_IF_ERROR(loop_.Save());
  RETURN_IF_ERROR(validation.status());
  AddEpoch(*std::move(validation));
  const TrainingState& state = loop_.state();
  // First, so that whoever reads of it finds its figures there.
  surroundings_.observer->OnEpoch(state.step, state.epochs.back());
  surroundings_.progress->EpochDone(state.epochs.back(), config_.epochs);
  // What comes behind the last one takes a while, too, and can be stopped.
  return epoch() == config_.epochs ? loop_.Save() : loop_.SaveIfDue();
}

absl::StatusOr<ProbabilityRows> Trainer::Validate(const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(loop_.CheckWeights());
  const auto predict = [this](const RowBatch& rows) {
    return Softmax([&] { return network_.Logits(validation_rows_.Batch(rows).texts); });
  };
  const std::vector<int32_t> lengths = rows_.validation.Lengths();
  while (true) {
    const int64_t tokens = loop_.tokens_at_once();
    absl::StatusOr<ProbabilityRows> validation =
        PredictRows(lengths, {tokens, config_.batch_texts}, predict, stop);
    if (!absl::IsResourceExhausted(validation.status())) return validation;
    const int32_t longest = *std::max_element(lengths.begin(), lengths.end());
    RETURN_IF_ERROR(loop_.TakeFewerTokens(tokens, longest, validation.status()));
  }
}

void Trainer::AddEpoch(ProbabilityRows validation) {
  loop_.PassTime();
  TrainingState& state = loop_.state();
  EpochResult result = EpochTraining(loop_.so_far());
  result.validation = Evaluate(validation, rows_.validation.labels);
  result.validation_article_loss = ArticleLoss(validation, rows_.validation.labels, config_.batch_texts);
  result.seconds = std::exchange(state.epoch_seconds, 0);
  state.training_seconds = 0;
  if (epoch() == 0 || IsBetter(result.validation, state.epochs[state.best].validation)) {
    state.best = static_cast<int>(epoch());
    state.best_values = loop_.CopyWeights();
  }
  state.epochs.push_back(std::move(result));
  state.validation.push_back(std::move(validation));
}

}  // namespace newsgenre
