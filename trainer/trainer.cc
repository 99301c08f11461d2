#include "trainer/trainer.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <list>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/model/device.h"
#include "common/model/packed_batch.h"
#include "common/model/predict.h"
#include "trainer/stop.h"
#include "trainer/token_dropout.h"

namespace newsgenre {
namespace {

using Clock = Progress::Clock;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

Albert Trainable(Albert model) {
  model.SetRequiresGrad(true);
  return model;
}

bool IsBetter(const Metrics& a, const Metrics& b) {
  return a.correct() != b.correct() ? a.correct() > b.correct() : a.loss < b.loss;
}

TensorMap CopyToCpu(const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, tensor] : tensors) {
    copies[name] = tensor.detach().to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  }
  return copies;
}

}  // namespace

// Kept on the device, so that a step doesn't wait for a GPU.
struct Trainer::EpochSums {
  at::Tensor loss;
  at::Tensor correct;
  int64_t texts = 0;
  Clock::time_point start = Clock::now();

  double MeanLoss() const { return loss.item<double>() / static_cast<double>(texts); }
  double Accuracy() const { return correct.item<double>() / static_cast<double>(texts); }
};

Trainer::Trainer(Albert model, const TrainerConfig& config, const Dataset& training,
                 const Dataset& validation, Progress* progress)
    : model_(Trainable(std::move(model))),
      config_(config),
      training_(training),
      validation_(validation),
      progress_(progress),
      optimizer_(model_.parameters(), {config.weight_decay, config.clip_norm}),
      random_(config.seed) {
  const std::vector<int32_t> lengths = training.Lengths();
  schedule_ = {config.learning_rate, config.warmup, 0};
  for (int epoch = 0; epoch < config.epochs; ++epoch) {
    plan_.push_back(PlanEpoch(lengths, {config.batch_tokens, config.batch_texts}, config.seed, epoch));
    schedule_.total_steps += static_cast<int64_t>(plan_.back().size());
  }
}

absl::StatusOr<TrainingResult> Trainer::Run(const std::atomic<bool>& stop) {
  at::manual_seed(random_.Next());  // dropout
  TrainingResult training;
  for (int epoch = 1; epoch <= config_.epochs; ++epoch) {
    const absl::StatusOr<EpochResult> result = RunEpoch(epoch, stop);
    if (absl::IsCancelled(result.status()) && epoch > 1) {
      progress_->Note("stopped", {{"epoch", epoch}, {"epochs", config_.epochs}});
      training.stopped = true;
      break;
    }
    if (!result.ok()) return result.status();
    training.epochs.push_back(*result);
    if (epoch == 1 || IsBetter(result->validation, training.epochs[training.best].validation)) {
      training.best = epoch - 1;
      training.weights = CopyToCpu(model_.parameters());
    }
    progress_->EpochDone(*result, config_.epochs);
  }
  return training;
}

absl::StatusOr<EpochResult> Trainer::RunEpoch(int epoch, const std::atomic<bool>& stop) {
  const Clock::time_point start = Clock::now();
  EpochResult result;
  result.epoch = epoch;
  RETURN_IF_ERROR(CatchTorch([&] { return TrainEpoch(epoch, stop, &result); }));
  ASSIGN_OR_RETURN(result.validation, Validate(stop));
  result.seconds = Seconds(Clock::now() - start);
  return result;
}

absl::Status Trainer::TrainEpoch(int epoch, const std::atomic<bool>& stop, EpochResult* result) {
  const auto zero = [this] { return at::zeros({}, at::device(model_.device()).dtype(at::kDouble)); };
  EpochSums sums{zero(), zero()};
  const std::vector<RowBatch>& batches = plan_[epoch - 1];
  for (const RowBatch& rows : batches) {
    RETURN_IF_ERROR(CheckStop(stop));
    Step(rows, &sums);
    const Clock::time_point now = Clock::now();
    if (progress_->Due(now)) RETURN_IF_ERROR(ShowProgress(epoch, sums, now));
  }
  RETURN_IF_ERROR(CheckLoss(sums));
  result->steps = static_cast<int64_t>(batches.size());
  result->training_loss = sums.MeanLoss();
  result->training_accuracy = sums.Accuracy();
  result->texts_per_second = static_cast<double>(sums.texts) / Seconds(Clock::now() - sums.start);
  return absl::OkStatus();
}

void Trainer::Step(const RowBatch& rows, EpochSums* sums) {
  std::vector<const Encoding*> texts;
  std::vector<int64_t> labels;
  std::list<Encoding> changed;
  for (const int32_t row : rows) {
    texts.push_back(&training_.texts[row]);
    labels.push_back(training_.labels[row]);
    if (config_.token_dropout == 0) continue;
    texts.back() = &changed.emplace_back(DropTokens(*texts.back(), config_.token_dropout, &random_));
  }
  const at::Tensor targets = at::tensor(labels).to(model_.device());
  const at::Tensor logits = model_.Logits(PackBatch(texts, model_.device()), /*training=*/true);
  const at::Tensor loss = at::cross_entropy_loss(logits, targets);
  loss.backward();
  optimizer_.Step(schedule_.LearningRate(step_++));

  const at::NoGradGuard no_grad;
  sums->loss.add_(loss, static_cast<double>(rows.size()));
  sums->correct.add_(at::argmax(logits, /*dim=*/1).eq(targets).sum());
  sums->texts += static_cast<int64_t>(rows.size());
}

absl::Status Trainer::CheckLoss(const EpochSums& sums) const {
  if (std::isfinite(sums.MeanLoss())) return absl::OkStatus();
  return absl::InternalError("the loss is no longer a number at step " + std::to_string(step_) +
                             "; a lower --learning_rate may help");
}

absl::Status Trainer::ShowProgress(int epoch, const EpochSums& sums, Clock::time_point now) {
  RETURN_IF_ERROR(CheckLoss(sums));
  ProgressState state;
  state.epoch = epoch;
  state.epochs = config_.epochs;
  state.step = step_;
  state.steps = schedule_.total_steps;
  state.loss = sums.MeanLoss();
  state.accuracy = sums.Accuracy();
  state.texts_per_second = static_cast<double>(sums.texts) / Seconds(now - sums.start);
  const int64_t texts_done = (epoch - 1) * training_.size() + sums.texts;
  state.seconds_left =
      static_cast<double>(config_.epochs * training_.size() - texts_done) / state.texts_per_second;
  progress_->Show(state, now);
  return absl::OkStatus();
}

absl::StatusOr<Metrics> Trainer::Validate(const std::atomic<bool>& stop) const {
  return EvaluateDataset(
      validation_, {config_.batch_tokens, config_.batch_texts},
      [this](const std::vector<const Encoding*>& texts) { return Predict(model_, texts); }, stop);
}

}  // namespace newsgenre
