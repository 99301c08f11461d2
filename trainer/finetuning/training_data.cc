#include "trainer/finetuning/training_data.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {
namespace {

using Clock = Progress::Clock;

// What is wrong with the one, the other, or both.
absl::Status Both(const absl::Status& one, const absl::Status& other) {
  if (one.ok() || other.ok()) return one.ok() ? other : one;
  return absl::Status(one.code(), std::string(one.message()) + "\n" + std::string(other.message()));
}

absl::StatusOr<Checkpoint> MakeStart(const TrainerConfig& config, const LabelledRows& train,
                                     const Split& split, int threads, const std::atomic<bool>& stop) {
  if (!config.init_from.empty()) return StartFromCheckpoint(config, AgNewsLabels());
  ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                   CleanTexts(train.rows, split.training, threads, stop));
  return InitFromScratch(config, AgNewsLabels(), texts);
}

// Says in words what looks odd.
absl::Status CheckParts(const TrainerConfig& config, const TrainingData& data, Progress* progress) {
  for (const auto& [part, rows] : {std::pair<const char*, const Dataset*>{"training", &data.rows.training},
                                   {"validation", &data.rows.validation}}) {
    const absl::StatusOr<std::vector<std::string>> remarks = CheckLabels(part, rows->labels, AgNewsLabels());
    // One validation row, or a few, may well be of one label.
    if (!remarks.ok() && rows == &data.rows.training) return AddContext(remarks.status(), config.train);
    if (!remarks.ok()) progress->Log("warning: " + std::string(remarks.status().message()));
    if (remarks.ok()) {
      for (const std::string& remark : *remarks) progress->Log("warning: " + remark);
    }
  }
  const Dataset& training = data.rows.training;
  if (training.size() <= config.batch_texts && training.starts.back() <= config.batch_tokens) {
    progress->Log("warning: the training rows fill no more than one batch: an epoch is a single step",
                  {{"rows", training.size()}, {"batch_texts", config.batch_texts}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainingData> PrepareData(const TrainerConfig& config, int threads,
                                         const RunControl& control) {
  const std::atomic<bool>& stop = control.stop;
  Progress* const progress = control.progress;
  const ReadingOptions reading = {AgNewsLabels(), config.max_bad_rows, threads};
  absl::StatusOr<LabelledRows> train = ReadLabelledRows(config.train, reading, control);
  absl::StatusOr<LabelledRows> test = LabelledRows();
  if (!config.test.empty()) test = ReadLabelledRows(config.test, reading, control);
  RETURN_IF_ERROR(Both(train.status(), test.status()));
  absl::StatusOr<Split> split =
      SplitRows(static_cast<int64_t>(train->rows.size()), config.validation_rows, config.seed);
  if (!split.ok()) return AddContext(split.status(), config.train);

  const Clock::time_point start = Clock::now();
  ASSIGN_OR_RETURN(Checkpoint checkpoint, MakeStart(config, *train, *split, threads, stop));
  NoteStart(config, checkpoint.model, checkpoint.encoder.tokenizer(), start, progress);
  const auto encode = [&](const std::vector<int32_t>& rows) {
    return EncodeRows(train->rows, rows, checkpoint.encoder, threads, stop);
  };
  TrainingRows rows;
  ASSIGN_OR_RETURN(rows.training, encode(split->training));
  ASSIGN_OR_RETURN(rows.validation, encode(split->validation));
  TrainingData data{*std::move(train), *std::move(test), std::move(rows), std::move(checkpoint)};
  RETURN_IF_ERROR(CheckParts(config, data, progress));
  progress->Log("rows read", {{"training", data.rows.training.size()},
                              {"validation", data.rows.validation.size()},
                              {"test", data.test.rows.size()}});
  return data;
}

}  // namespace newsgenre
