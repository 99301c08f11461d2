#include "trainer/pretraining/pretraining_run.h"

#include <ATen/ops/randint.h>

#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/device.h"
#include "trainer/pretraining/masked_batch.h"
#include "trainer/pretraining/pretraining_data.h"
#include "trainer/run/starting_point.h"
#include "trainer/run/step_loop.h"
#include "trainer/run/training_session.h"

namespace newsgenre {
namespace {

// Progress shows the mean loss of this many steps: an epoch of raw text takes hours, and its mean says
// little.
constexpr int64_t kLossSteps = 100;
// Every run masks the same tokens of its held-out texts.
constexpr uint64_t kHeldOutSeed = 1;

// Returns the data's part of the run's identity.
std::map<std::string, std::string> DataIdentity(const PretrainingData& data) {
  std::map<std::string, std::string> identity =
      StartIdentity(data.start.model, {}, data.start.tokenizer, data.max_tokens);
  identity.insert({{"SHA-256 of --text", data.text_sha256},
                   {"SHA-256 of --train", data.train_sha256},
                   {"training texts", std::to_string(data.training.size())},
                   {"held-out texts", std::to_string(data.held_out.size())}});
  return identity;
}

void DescribeData(const PretrainingData& data, Report* report) {
  report->training_rows = data.training.size();
  report->validation_rows = data.held_out.size();
  report->vocab_size = data.start.tokenizer.vocab_size();
  report->lengths = CountLengths(data.training.Lengths(), /*truncated=*/0, data.max_tokens);
}

// Trains and evaluates a network on texts whose tokens it masks.
class MaskedLmTask {
 public:
  MaskedLmTask(const PretrainingData& data, TrainingNetwork* network)
      : data_(data),
        vocabulary_{data.start.tokenizer.vocab_size(), data.start.tokenizer.begins_word()},
        network_(*network) {}

  // Implements TrainingTask::accumulate_gradients. The network sums the losses over masked tokens, so the
  // weight per text is divided by the mean number of masked tokens per text.
  BatchResult AccumulateGradients(const RowBatch& rows, double weight) {
    Random random(at::randint(std::numeric_limits<int64_t>::max(), {1}, at::kLong).item<int64_t>());
    const MaskedBatch batch = MakeMaskedBatch(data_.training, rows, vocabulary_, &random, network_.device());
    const auto tokens = static_cast<double>(batch.targets.labels.size(0) - batch.targets.padding);
    return network_.AccumulateGradients(batch.texts, batch.targets,
                                        weight * static_cast<double>(rows.size()) / tokens);
  }

  // Evaluates the held-out texts in batches within `budget`. Returns CANCELLED if `stop` becomes true.
  absl::StatusOr<HeldOutResult> EvaluateHeldOut(const BatchBudget& budget,
                                                const std::atomic<bool>& stop) const {
    HeldOutResult sums;
    Random random(kHeldOutSeed);
    for (const RowBatch& rows : PlanEvaluation(data_.held_out.Lengths(), budget)) {
      RETURN_IF_ERROR(CheckStop(stop));
      const MaskedBatch batch =
          MakeMaskedBatch(data_.held_out, rows, vocabulary_, &random, network_.device());
      const BatchResult result = network_.Evaluate(batch.texts, batch.targets);
      sums.predictions += result.count;
      sums.correct += result.correct.item<int64_t>();
      sums.loss += result.loss.item<double>();
    }
    sums.loss /= static_cast<double>(sums.predictions);
    return sums;
  }

 private:
  const PretrainingData& data_;
  const MaskingVocabulary vocabulary_;
  TrainingNetwork& network_;
};

// Trains the model in `data`, and adds the losses and the evaluation to the report.
absl::Status Train(const PretrainingConfig& config, TrainingSession* session, PretrainingData* data,
                   const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(const TrainingSetup setup, session->Prepare(data->start.model, data->training.Lengths(),
                                                               config.optimizer, DataIdentity(*data)));
  MaskedLmTask masked_lm(*data, setup.network.get());
  TrainingTask task;
  task.accumulate_gradients = [&](const RowBatch& micro_batch, double weight) {
    return masked_lm.AccumulateGradients(micro_batch, weight);
  };
  task.describe_batch = [&](int64_t step) {
    return absl::StrCat("a batch of ", setup.plan.batch(step).size(), " texts");
  };
  task.classes = data->start.tokenizer.vocab_size();
  task.loss_steps = kLossSteps;
  StepLoop loop({config.optimizer, config.run}, setup.plan, setup.network.get(), session->Hooks(setup), task);
  RETURN_IF_ERROR(loop.Start(session->TakeStart()));
  RETURN_IF_ERROR(loop.RunTo(setup.plan.steps(), stop));
  RETURN_IF_ERROR(loop.Save());
  ASSIGN_OR_RETURN(session->report().held_out,
                   masked_lm.EvaluateHeldOut({loop.max_pass_tokens(), config.optimizer.batch_texts}, stop));
  session->report().steps = LossCurve(loop.snapshot().records, loop.snapshot().schedule);
  const Albert& model = data->start.model;
  ASSIGN_OR_RETURN(data->start.model,
                   Albert::FromTensors(model.config(), model.head(), model.labels(),
                                       setup.network->parameters().Views(loop.CopyWeights())));
  return absl::OkStatus();
}

// Returns ALREADY_EXISTS if the folder holds a model, unless a saved state shows that this run wrote it
// before it was killed.
absl::Status RefuseModel(const std::string& folder, TrainingSession* session) {
  if (session->resumes() || absl::IsNotFound(ResolveModelDir(folder).status())) return absl::OkStatus();
  session->RemoveStates();
  return absl::AlreadyExistsError(folder + " holds a model already; pre-training needs a folder without one");
}

absl::StatusOr<Report> Run(const PretrainingConfig& config, const RunControl& control) {
  const std::string& model_dir = config.run.model_dir;
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainingSession> session,
                   TrainingSession::Open(config.run, /*version=*/"", control));
  RETURN_IF_ERROR(RefuseModel(model_dir, session.get()));
  ASSIGN_OR_RETURN(PretrainingData data, PreparePretrainingData(config, session->threads(), control));
  session->report().release = model_dir;
  DescribeData(data, &session->report());
  RETURN_IF_ERROR(Train(config, session.get(), &data, control.stop));
  RETURN_IF_ERROR(session->FinishReport());
  RETURN_IF_ERROR(WriteMaskedLm(model_dir, data.start, data.max_tokens));
  session->RemoveStates();
  return session->report();
}

}  // namespace

absl::StatusOr<Report> RunPretraining(const PretrainingConfig& config, const RunControl& control) {
  return CatchTorchIn([&] { return Run(config, control); });
}

}  // namespace newsgenre
