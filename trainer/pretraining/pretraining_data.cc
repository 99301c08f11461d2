#include "trainer/pretraining/pretraining_data.h"

#include <numeric>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/data/random.h"
#include "trainer/pretraining/raw_text.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {
namespace {

// A vocabulary is made from no more texts than these, drawn by the seed: more take longer and change little.
constexpr size_t kVocabularyTexts = 200'000;

std::vector<std::string> Sample(const std::vector<std::string>& texts, uint64_t seed) {
  if (texts.size() <= kVocabularyTexts) return texts;
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  Random(seed).Shuffle(&order);
  std::vector<std::string> sample;
  for (size_t i = 0; i < kVocabularyTexts; ++i) sample.push_back(texts[order[i]]);
  return sample;
}

// Adds the labelled rows' texts to `paragraphs`; returns their file's hash.
absl::StatusOr<std::string> AddLabelledTexts(const TrainerConfig& config, int threads,
                                             const RunControl& control,
                                             std::vector<std::string>* paragraphs) {
  if (config.train.empty()) return std::string();
  ASSIGN_OR_RETURN(const LabelledRows rows,
                   ReadLabelledRows(config.train, {AgNewsLabels(), config.max_bad_rows, threads}, control));
  std::vector<int32_t> all(rows.rows.size());
  std::iota(all.begin(), all.end(), 0);
  ASSIGN_OR_RETURN(std::vector<std::string> texts, CleanTexts(rows.rows, all, threads, control.stop));
  for (std::string& text : texts) paragraphs->push_back(std::move(text));
  return rows.sha256;
}

Dataset Select(const Dataset& data, const std::vector<int32_t>& rows) {
  Dataset selected;
  // Raw text may be large: an array that grows would need twice the memory.
  int64_t tokens = 0;
  for (const int32_t row : rows) tokens += data.starts[row + 1] - data.starts[row];
  selected.ids.reserve(static_cast<size_t>(tokens));
  for (const int32_t row : rows) selected.Add(data.Text(row), data.labels[row], data.lines[row]);
  return selected;
}

}  // namespace

absl::StatusOr<PretrainingData> PreparePretrainingData(const PretrainingConfig& config, int threads,
                                                       const RunControl& control) {
  const TrainerConfig& training = config.training;
  RawText text;
  if (!config.text.empty() || training.train.empty()) {
    ASSIGN_OR_RETURN(text, ReadRawText(config.text, threads, control));
  }
  ASSIGN_OR_RETURN(std::string train_sha256, AddLabelledTexts(training, threads, control, &text.paragraphs));
  const Progress::Clock::time_point begin = Progress::Clock::now();
  ASSIGN_OR_RETURN(MaskedLm start, training.init_from.empty()
                                       ? StartMaskedLm(training, Sample(text.paragraphs, training.seed))
                                       : LoadMaskedLm(training));
  NoteStart(training, start.model, start.tokenizer, begin, control.progress);
  const int max_tokens = training.max_tokens.value_or(start.model.config().max_position_embeddings);
  ASSIGN_OR_RETURN(const Dataset all,
                   EncodeParagraphs(text.paragraphs, start.tokenizer, max_tokens, threads, control));
  const size_t paragraphs = text.paragraphs.size();
  text.paragraphs = {};  // they are large
  ASSIGN_OR_RETURN(const Split split, SplitRows(all.size(), training.validation_rows, training.seed));
  PretrainingData data{Select(all, split.training),
                       Select(all, split.validation),
                       text.sha256,
                       std::move(train_sha256),
                       max_tokens,
                       std::move(start)};
  control.progress->Log("texts read", {{"paragraphs", paragraphs},
                                       {"training", data.training.size()},
                                       {"held_out", data.held_out.size()},
                                       {"tokens", data.training.starts.back()}});
  return data;
}

}  // namespace newsgenre
