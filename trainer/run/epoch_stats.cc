#include "trainer/run/epoch_stats.h"

#include <algorithm>

namespace newsgenre {
namespace {

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

// Returns the first step of the current epoch.
int64_t EpochStart(const RunSnapshot& run) {
  return run.plan.epoch_start(static_cast<int64_t>(run.state.epochs.size()));
}

// Returns the epoch of a step, from 1.
int EpochOf(const RunPlan& plan, int64_t step) {
  int epoch = 1;
  while (plan.epoch_start(epoch) <= step) ++epoch;
  return epoch;
}

}  // namespace

ProgressState ComputeProgress(const RunSnapshot& run, int64_t loss_steps) {
  const TrainingState& state = run.state;
  const int64_t start = EpochStart(run);
  const int64_t from = loss_steps > 0 ? std::max<int64_t>(state.step - loss_steps, 0) : start;
  const StepSums sums = run.records.Sum(from, state.step);
  const auto predictions = static_cast<double>(sums.predictions);
  const auto texts = static_cast<double>(run.plan.texts(start, state.step));
  const auto tokens = static_cast<double>(run.plan.tokens(start, state.step));
  const auto texts_left = static_cast<double>(run.plan.texts(state.step, run.plan.steps()));
  ProgressState progress;
  progress.epoch = EpochOf(run.plan, state.step - 1);
  progress.epochs = run.plan.epochs();
  progress.step = state.step;
  progress.steps = run.plan.steps();
  progress.loss = Ratio(sums.loss, predictions);
  progress.accuracy = Ratio(static_cast<double>(sums.correct), predictions);
  progress.learning_rate = run.schedule.LearningRate(state.step - 1);
  progress.texts_per_second = Ratio(texts, state.training_seconds);
  progress.tokens_per_second = Ratio(tokens, state.training_seconds);
  progress.seconds_left = Ratio(texts_left, progress.texts_per_second);
  return progress;
}

absl::Status EvaluateEpochs(const std::vector<int>& labels, int label_count, TrainingState* state) {
  for (size_t i = 0; i < state->epochs.size(); ++i) {
    const ProbabilityRows& validation = state->validation[i];
    if (validation.size() != labels.size() || static_cast<int>(validation[0].size()) != label_count) {
      return absl::FailedPreconditionError("the state has other validation rows or labels than this run");
    }
    state->epochs[i].validation = Evaluate(validation, labels);
  }
  return absl::OkStatus();
}

std::string FirstLines(const Dataset& data, const RowBatch& batch) {
  constexpr size_t kShown = 8;
  std::string lines;
  for (size_t i = 0; i < std::min(kShown, batch.size()); ++i) {
    lines += (i == 0 ? "" : ", ") + std::to_string(data.lines[batch[i]]);
  }
  return batch.size() > kShown ? lines + ", …" : lines;
}

EpochResult SummarizeEpoch(const RunSnapshot& run) {
  const ProgressState progress = ComputeProgress(run);
  const int64_t start = EpochStart(run);
  const StepSums sums = run.records.Sum(start, run.state.step);
  const auto texts = static_cast<double>(run.plan.texts(start, run.state.step));
  EpochResult result;
  result.epoch = progress.epoch;
  result.steps = run.state.step - start;
  result.training_loss = progress.loss;
  result.training_article_loss = Ratio(sums.mean_loss, texts);
  result.training_correct = sums.correct;
  result.training_accuracy = progress.accuracy;
  result.learning_rate = progress.learning_rate;
  result.texts_per_second = progress.texts_per_second;
  result.tokens_per_second = progress.tokens_per_second;
  return result;
}

}  // namespace newsgenre
