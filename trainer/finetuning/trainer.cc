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

Trainer::Trainer(const FinetuningConfig& config, const TrainingRows& rows, const RunPlan& plan,
                 TrainingNetwork* network, const RunHooks& hooks)
    : config_(config),
      rows_(rows),
      plan_(plan),
      network_(*network),
      hooks_(hooks),
      training_rows_(rows.training, network->device()),
      validation_rows_(rows.validation, network->device()),
      loop_({config.optimizer, config.run}, plan, network, hooks, MakeTask()) {}

TrainingTask Trainer::MakeTask() {
  TrainingTask task;
  task.accumulate_gradients = [this](const RowBatch& micro_batch, double weight) {
    return AccumulateGradients(micro_batch, weight);
  };
  task.describe_batch = [this](int64_t step) { return DescribeBatch(step); };
  task.classes = network_.model().labels();
  return task;
}

BatchResult Trainer::AccumulateGradients(const RowBatch& micro_batch, double weight) {
  LabelledBatch batch = training_rows_.Batch(micro_batch);
  if (config_.token_dropout > 0) DropTokens(config_.token_dropout, &batch.texts);
  return network_.AccumulateGradients(batch.texts, {batch.labels}, weight);
}

std::string Trainer::DescribeBatch(int64_t step) const {
  const RowBatch& batch = plan_.batch(step);
  return absl::StrCat("epoch ", epoch() + 1, "; a batch of ", batch.size(), " texts, lines ",
                      FirstLines(rows_.training, batch), " of ", config_.data.train);
}

absl::Status Trainer::Start(TrainingState state) {
  const int64_t epochs = config_.optimizer.epochs, done = static_cast<int64_t>(state.epochs.size());
  if (state.step > 0 && (done > epochs || state.step < plan_.epoch_start(done) ||
                         state.step > plan_.epoch_start(std::min(done + 1, epochs)))) {
    return absl::FailedPreconditionError("the state has another network or another plan of steps");
  }
  RETURN_IF_ERROR(loop_.Start(std::move(state)));
  return EvaluateEpochs(rows_.validation.labels, network_.model().labels(), &loop_.state());
}

absl::StatusOr<TrainingResult> Trainer::Run(const std::atomic<bool>& stop) {
  while (epoch() < config_.optimizer.epochs) RETURN_IF_ERROR(RunEpoch(stop));
  const TrainingState& state = loop_.state();
  TrainingResult result;
  result.epochs = state.epochs;
  result.best = state.best;
  for (const auto& [name, view] : network_.parameters().Views(state.best_values)) {
    result.weights[name] = view.clone();
  }
  result.validation = state.validation[state.best];
  result.steps = LossCurve(loop_.snapshot().records, loop_.snapshot().schedule);
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
  // Calls the observer first, so that the epoch's metrics are published when the progress reports it.
  hooks_.observer->OnEpoch(state.step, state.epochs.back());
  hooks_.progress->EpochDone(state.epochs.back(), config_.optimizer.epochs);
  // Saves after the last epoch, because calibration and test take a while and can be stopped.
  return epoch() == config_.optimizer.epochs ? loop_.Save() : loop_.SaveIfDue();
}

absl::StatusOr<ProbabilityRows> Trainer::Validate(const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(loop_.CheckWeights());
  const auto predict = [this](const RowBatch& rows) {
    return Softmax([&] { return network_.Logits(validation_rows_.Batch(rows).texts); });
  };
  const std::vector<int32_t> lengths = rows_.validation.Lengths();
  while (true) {
    const int64_t tokens = loop_.max_pass_tokens();
    absl::StatusOr<ProbabilityRows> validation =
        PredictRows(lengths, {tokens, config_.optimizer.batch_texts}, predict, stop);
    if (!absl::IsResourceExhausted(validation.status())) return validation;
    const int32_t longest = *std::max_element(lengths.begin(), lengths.end());
    RETURN_IF_ERROR(loop_.ReduceMicroBatch(tokens, longest, validation.status()));
  }
}

void Trainer::AddEpoch(ProbabilityRows validation) {
  loop_.CountTime();
  TrainingState& state = loop_.state();
  EpochResult result = SummarizeEpoch(loop_.snapshot());
  result.validation = Evaluate(validation, rows_.validation.labels);
  result.validation_article_loss =
      ArticleLoss(validation, rows_.validation.labels, config_.optimizer.batch_texts);
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
