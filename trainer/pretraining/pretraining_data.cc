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

// Most texts that a vocabulary is trained on, drawn by the seed. More texts take longer and change little.
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

// Appends the texts of the labelled rows to `paragraphs`. Returns the SHA-256 of their file.
absl::StatusOr<std::string> AddLabelledTexts(const DataConfig& config, int threads, const RunControl& control,
                                             std::vector<std::string>* paragraphs) {
  if (config.train.empty()) return std::string();
  ReadingOptions reading;
  reading.labels = AgNewsLabels();
  reading.max_bad_rows = config.max_bad_rows;
  reading.threads = threads;
  ASSIGN_OR_RETURN(const LabelledRows rows, ReadLabelledRows(config.train, reading, control));
  std::vector<int32_t> all(rows.rows.size());
  std::iota(all.begin(), all.end(), 0);
  ASSIGN_OR_RETURN(std::vector<std::string> texts, CleanTexts(rows.rows, all, threads, control.stop));
  for (std::string& text : texts) paragraphs->push_back(std::move(text));
  return rows.sha256;
}

Dataset Select(const Dataset& data, const std::vector<int32_t>& rows) {
  Dataset selected;
  // Raw text can be large, and growing an array needs twice the memory.
  int64_t tokens = 0;
  for (const int32_t row : rows) tokens += data.starts[row + 1] - data.starts[row];
  selected.ids.reserve(static_cast<size_t>(tokens));
  for (const int32_t row : rows) selected.Add(data.Text(row), data.labels[row], data.lines[row]);
  return selected;
}

}  // namespace

absl::StatusOr<PretrainingData> PreparePretrainingData(const PretrainingConfig& config, int threads,
                                                       const RunControl& control) {
  RawText text;
  if (!config.text.empty() || config.data.train.empty()) {
    ASSIGN_OR_RETURN(text, ReadRawText(config.text, threads, control));
  }
  ASSIGN_OR_RETURN(std::string train_sha256,
                   AddLabelledTexts(config.data, threads, control, &text.paragraphs));
  const uint64_t seed = config.run.seed;
  const Progress::Clock::time_point begin = Progress::Clock::now();
  ASSIGN_OR_RETURN(MaskedLm start, config.model.init_from.empty()
                                       ? InitMaskedLm(config.model, Sample(text.paragraphs, seed), seed)
                                       : LoadMaskedLm(config.model, seed));
  LogStart(config.model, start.model, start.tokenizer, begin, control.progress);
  const int max_tokens = config.model.max_tokens.value_or(start.model.config().max_position_embeddings);
  ASSIGN_OR_RETURN(const Dataset all,
                   EncodeParagraphs(text.paragraphs, start.tokenizer, max_tokens, threads, control));
  const size_t paragraphs = text.paragraphs.size();
  text.paragraphs = {};  // frees their memory
  ASSIGN_OR_RETURN(const Split split, SplitRows(all.size(), config.data.validation_rows, seed));
  PretrainingData data{std::move(start)};
  data.training = Select(all, split.training);
  data.held_out = Select(all, split.validation);
  data.text_sha256 = text.sha256;
  data.train_sha256 = std::move(train_sha256);
  data.max_tokens = max_tokens;
  control.progress->Log("texts read", {{"paragraphs", paragraphs},
                                       {"training", data.training.size()},
                                       {"held_out", data.held_out.size()},
                                       {"tokens", data.training.starts.back()}});
  return data;
}

}  // namespace newsgenre
