#include "trainer/pretraining/pretraining_run.h"

#include <ATen/ops/randint.h>

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/device.h"
#include "trainer/pretraining/masked_batch.h"
#include "trainer/pretraining/pretraining_data.h"
#include "trainer/run/run_context.h"
#include "trainer/run/run_report.h"
#include "trainer/run/starting_point.h"
#include "trainer/run/step_loop.h"

namespace newsgenre {
namespace {

// Progress shows the mean loss of so many steps: within an epoch of raw text it falls for hours.
constexpr int64_t kLossSteps = 100;
// Held-out texts are judged with the same words hidden, whatever the run.
constexpr uint64_t kHeldOutSeed = 1;

// What must be the same for a run to go on, beside flags and machine.
std::map<std::string, std::string> Inputs(const PretrainingData& data) {
  std::map<std::string, std::string> inputs =
      StartIdentity(data.start.model, {}, data.start.tokenizer, data.max_tokens);
  inputs.insert({{"SHA-256 of --text", data.text_sha256},
                 {"SHA-256 of --train", data.train_sha256},
                 {"training texts", std::to_string(data.training.size())},
                 {"held-out texts", std::to_string(data.held_out.size())}});
  return inputs;
}

// The network that learns, with the texts that it learns from.
class Pretraining {
 public:
  Pretraining(const TrainerConfig& config, const PretrainingData& data, TrainingNetwork* network)
      : config_(config),
        data_(data),
        vocabulary_{data.start.tokenizer.vocab_size(), data.start.tokenizer.begins_word()},
        network_(*network) {}

  // As TrainingTask has it: each text counts for as many words as a text of the piece has to tell on average.
  BatchResult Learn(const RowBatch& piece, double weight) {
    Random random(at::randint(std::numeric_limits<int64_t>::max(), {1}, at::kLong).item<int64_t>());
    const MaskedBatch batch = MaskWordsOf(data_.training, piece, vocabulary_, &random, network_.device());
    const double words = static_cast<double>(batch.targets.labels.size(0) - batch.targets.padding);
    return network_.AccumulateGradients(batch.texts, batch.targets,
                                        weight * static_cast<double>(piece.size()) / words);
  }

  // With so many tokens at once at most.
  absl::StatusOr<HeldOut> Judge(int64_t tokens, const RunControl& control) const {
    HeldOut sums;
    Random random(kHeldOutSeed);
    for (const RowBatch& rows : PlanEvaluation(data_.held_out.Lengths(), {tokens, config_.batch_texts})) {
      RETURN_IF_ERROR(CheckStop(control.stop));
      const MaskedBatch batch = MaskWordsOf(data_.held_out, rows, vocabulary_, &random, network_.device());
      const BatchResult result = network_.Evaluate(batch.texts, batch.targets);
      sums.words += result.count;
      sums.correct += result.correct.item<int64_t>();
      sums.loss += result.loss.item<double>();
    }
    sums.loss /= static_cast<double>(sums.words);
    return sums;
  }

 private:
  const TrainerConfig& config_;
  const PretrainingData& data_;
  const MaskingVocabulary vocabulary_;
  TrainingNetwork& network_;
};

absl::Status Train(const TrainerConfig& config, PretrainingData* data, RunContext* setting, Report* report,
                   const RunControl& control) {
  TrainingNetwork network(data->start.model, setting->device, setting->type());
  RETURN_IF_ERROR(Identify(config, network, Inputs(*data), setting, control.progress));
  const RunPlan plan(data->training.Lengths(), {config.batch_tokens, config.batch_texts}, config.epochs,
                     config.seed);
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainingWatch> watch,
                   StartWatch(config, *setting, plan.steps(), control.progress));
  Pretraining pretraining(config, *data, &network);
  TrainingTask task;
  task.learn = [&](const RowBatch& piece, double weight) { return pretraining.Learn(piece, weight); };
  task.describe = [&](int64_t step) {
    return absl::StrCat("a batch of ", plan.batch(step).size(), " texts");
  };
  task.outcomes = data->start.tokenizer.vocab_size();
  task.loss_steps = kLossSteps;
  StepLoop loop(config, plan, &network, {control.progress, watch.get(), setting->states.get()}, task);
  RETURN_IF_ERROR(loop.Start(std::move(setting->start)));
  RETURN_IF_ERROR(loop.RunTo(plan.steps(), control.stop));
  RETURN_IF_ERROR(loop.Save());
  ASSIGN_OR_RETURN(report->held_out, pretraining.Judge(loop.tokens_at_once(), control));

  const Albert& model = data->start.model;
  ASSIGN_OR_RETURN(data->start.model, Albert::FromTensors(model.config(), model.head(), model.labels(),
                                                          network.parameters().Views(loop.CopyWeights())));
  report->kernels = network.kernels();
  report->parameters = network.parameters().count();
  report->steps = Curve(loop.so_far().records, loop.so_far().schedule);
  return absl::OkStatus();
}

absl::Status Describe(const TrainerConfig& config, const RunContext& setting, const PretrainingData& data,
                      Report* report) {
  RETURN_IF_ERROR(DescribeSetting(config, setting, report));
  report->release = config.model_dir;
  report->training_rows = data.training.size();
  report->validation_rows = data.held_out.size();
  report->vocab_size = data.start.tokenizer.vocab_size();
  report->lengths = CountLengths(data.training.Lengths(), /*truncated=*/0, data.max_tokens);
  return absl::OkStatus();
}

// A model that is there stays, but for one that a run with a state wrote before it was killed.
absl::Status RefuseModel(const std::string& folder, RunContext* setting) {
  if (setting->start.step > 0 || absl::IsNotFound(ResolveModelDir(folder).status())) return absl::OkStatus();
  setting->states->Remove();
  return absl::AlreadyExistsError(folder +
                                  " holds a model already; a pre-training needs a folder without one");
}

absl::StatusOr<Report> Run(const PretrainingConfig& pretraining, const RunControl& control) {
  const Progress::Clock::time_point start = Progress::Clock::now();
  const TrainerConfig& config = pretraining.training;
  ASSIGN_OR_RETURN(RunContext setting, PrepareSetting(config, control.progress));
  RETURN_IF_ERROR(RefuseModel(config.model_dir, &setting));
  ASSIGN_OR_RETURN(PretrainingData data, PreparePretrainingData(pretraining, setting.threads, control));
  Report report;
  RETURN_IF_ERROR(Describe(config, setting, data, &report));
  const double before = setting.start.seconds, cpu_before = setting.start.cpu_seconds;
  RETURN_IF_ERROR(Train(config, &data, &setting, &report, control));
  report.seconds = before + SecondsSince(start);
  report.cpu_seconds = cpu_before + CpuSeconds();
  RETURN_IF_ERROR(WriteReport(config.model_dir, report));
  RETURN_IF_ERROR(WriteMaskedLm(config.model_dir, data.start, data.max_tokens));
  setting.states->Remove();
  return report;
}

}  // namespace

absl::StatusOr<Report> RunPretraining(const PretrainingConfig& config, const RunControl& control) {
  return CatchTorchIn([&] { return Run(config, control); });
}

}  // namespace newsgenre
