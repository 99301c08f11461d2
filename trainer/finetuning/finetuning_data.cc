#include "trainer/finetuning/finetuning_data.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "trainer/finetuning/finetuning_start.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {
namespace {

using Clock = Progress::Clock;

// Returns an error with the messages of all statuses that are not OK.
absl::Status JoinErrors(const absl::Status& first, const absl::Status& second) {
  if (first.ok() || second.ok()) return first.ok() ? second : first;
  return absl::Status(first.code(), std::string(first.message()) + "\n" + std::string(second.message()));
}

absl::StatusOr<Checkpoint> MakeStart(const FinetuningConfig& config, const LabelledRows& train,
                                     const Split& split, int threads, const std::atomic<bool>& stop) {
  if (!config.model.init_from.empty()) {
    return StartFromCheckpoint(config.model, config.classifier, AgNewsLabels(), config.run.seed);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                   CleanTexts(train.rows, split.training, threads, stop));
  return InitFromScratch(config.model, config.classifier, AgNewsLabels(), texts, config.run.seed);
}

// Logs warnings about the labels. Returns INVALID_ARGUMENT if all training rows have one label.
absl::Status CheckAllLabels(const std::string& train, const TrainingRows& rows, Progress* progress) {
  for (const auto& [part, data] : {std::pair<const char*, const Dataset*>{"training", &rows.training},
                                   {"validation", &rows.validation}}) {
    const absl::StatusOr<std::vector<std::string>> warnings = CheckLabels(part, data->labels, AgNewsLabels());
    // A small number of validation rows can have the same label by chance.
    if (!warnings.ok() && data == &rows.training) return AddContext(warnings.status(), train);
    if (!warnings.ok()) progress->Log("warning: " + std::string(warnings.status().message()));
    if (warnings.ok()) {
      for (const std::string& warning : *warnings) progress->Log("warning: " + warning);
    }
  }
  return absl::OkStatus();
}

void WarnOfSingleBatch(const OptimizerConfig& config, const Dataset& training, Progress* progress) {
  if (training.size() > config.batch_texts || training.starts.back() > config.batch_tokens) return;
  progress->Log("warning: all training rows fit in one batch: an epoch is a single step",
                {{"rows", training.size()}, {"batch_texts", config.batch_texts}});
}

}  // namespace

absl::StatusOr<FinetuningData> PrepareFinetuningData(const FinetuningConfig& config, int threads,
                                                     const RunControl& control) {
  const std::atomic<bool>& stop = control.stop;
  ReadingOptions reading;
  reading.labels = AgNewsLabels();
  reading.max_bad_rows = config.data.max_bad_rows;
  reading.threads = threads;
  absl::StatusOr<LabelledRows> train = ReadLabelledRows(config.data.train, reading, control);
  absl::StatusOr<LabelledRows> test = LabelledRows();
  if (!config.test.empty()) test = ReadLabelledRows(config.test, reading, control);
  RETURN_IF_ERROR(JoinErrors(train.status(), test.status()));
  absl::StatusOr<Split> split =
      SplitRows(static_cast<int64_t>(train->rows.size()), config.data.validation_rows, config.run.seed);
  if (!split.ok()) return AddContext(split.status(), config.data.train);

  const Clock::time_point begin = Clock::now();
  ASSIGN_OR_RETURN(Checkpoint start, MakeStart(config, *train, *split, threads, stop));
  LogStart(config.model, start.model, start.encoder.tokenizer(), begin, control.progress);
  TrainingRows rows;
  ASSIGN_OR_RETURN(rows.training, EncodeRows(train->rows, split->training, start.encoder, threads, stop));
  ASSIGN_OR_RETURN(rows.validation, EncodeRows(train->rows, split->validation, start.encoder, threads, stop));
  RETURN_IF_ERROR(CheckAllLabels(config.data.train, rows, control.progress));
  WarnOfSingleBatch(config.optimizer, rows.training, control.progress);
  control.progress->Log("rows read", {{"training", rows.training.size()},
                                      {"validation", rows.validation.size()},
                                      {"test", test->rows.size()}});
  return FinetuningData{*std::move(train), *std::move(test), std::move(rows), std::move(start)};
}

}  // namespace newsgenre
