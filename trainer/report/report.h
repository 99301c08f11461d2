// The report of a training, a pre-training or an evaluation. Pure functions; safe to call from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "trainer/report/evaluate.h"

namespace newsgenre {

struct EpochResult {
  int epoch = 0;  // from 1
  int64_t steps = 0;
  double training_loss = 0;          // mean over the epoch, with dropout, while the weights change
  double training_article_loss = 0;  // the same losses as ArticleLoss computes them
  double training_accuracy = 0;      // measured like training_loss, 0 … 1
  int64_t training_correct = 0;
  ClassificationMetrics validation;  // at the end of the epoch
  double validation_article_loss = 0;
  double learning_rate = 0;      // of the last step
  double seconds = 0;            // of training and validation
  double texts_per_second = 0;   // of training only
  double tokens_per_second = 0;  // of training only
};

struct StepPoint {
  int64_t step = 0;  // from 1, over the whole run
  double learning_rate = 0;
  double loss = 0;  // mean over the steps since the previous point
};

struct ReportedMistake {
  int64_t line = 0;  // in Report::mistakes_file
  std::string text;  // any bytes; an excerpt is enough
  int label = 0;     // the true label, an index into Report::labels
  int predicted = 0;
  double confidence = 0;  // probability of the predicted label
};

struct LengthHistogram {
  int bin_tokens = 0;         // bin i counts lengths of i * bin_tokens + 1 … (i + 1) * bin_tokens tokens
  std::vector<int64_t> rows;  // by bin
  int64_t truncated = 0;      // texts longer than max_tokens
  int max_tokens = 0;         // the network's limit
};

// The masked-LM result on held-out texts. The starting point may have been trained on these texts.
struct HeldOutResult {
  int64_t predictions = 0;  // predicted tokens; a tenth of them keep their id in the input
  int64_t correct = 0;
  double loss = 0;  // mean of -ln(probability of the true token)
};

// Fields that do not apply keep their default values.
struct Report {
  std::string version;
  std::string release;  // the release folder
  std::vector<std::string> labels;
  std::string device;
  std::string precision;  // "fp32", "bf16", …
  std::string processor;  // the model name of the CPU or GPU
  std::string kernels;    // the kernels in use
  int threads = 0;
  int64_t training_rows = 0;
  int64_t validation_rows = 0;
  int64_t parameters = 0;
  int vocab_size = 0;
  std::vector<EpochResult> epochs;        // empty for an evaluation
  int best = 0;                           // the published epoch, an index into `epochs`
  std::vector<StepPoint> steps;           // at most 400
  std::optional<HeldOutResult> held_out;  // set for a pre-training run only
  std::optional<double> temperature;      // divides the logits of the release
  // The published epoch on the validation rows, and the release on the test rows, both with `temperature`.
  std::optional<ClassificationMetrics> calibrated;
  std::optional<ClassificationMetrics> test;
  std::string test_file;
  std::vector<ReportedMistake> mistakes;  // on the test rows, or on the validation rows without a test
  std::string mistakes_file;
  std::optional<LengthHistogram> lengths;  // of the training rows, or of the test rows in an evaluation
  double seconds = 0;                      // of the whole run
  double cpu_seconds = 0;                  // of the whole run, over all threads
  std::map<std::string, std::string> recipe;
};

// Returns "training", "pre-training" or "evaluation".
std::string_view KindOf(const Report& report);

// Returns a histogram with at most 32 bins. `lengths`, in tokens, has at least one entry.
LengthHistogram CountLengths(const std::vector<int32_t>& lengths, int64_t truncated, int max_tokens);

// Returns a plain-text table with one line per epoch. The published epoch is marked.
std::string EpochTable(const std::vector<EpochResult>& epochs, int best);

// Returns "accuracy 91.34 % (6942 of 7600), loss 0.2571".
std::string Summary(const ClassificationMetrics& metrics);
// Returns "masked-LM accuracy 41.20 % (18545 of 45012), loss 3.1415".
std::string Summary(const HeldOutResult& held_out);

struct NamedMetrics {
  std::string name;                                // "test", "validation, temperature 1.250" or "validation"
  const ClassificationMetrics* metrics = nullptr;  // points into the report
};

// Returns all metrics of the report's release, the most meaningful first: on the test rows, on the validation
// rows with the temperature, and on the validation rows without it.
std::vector<NamedMetrics> MetricsOf(const Report& report);

// Returns whether the labels are those of AG News, so that results can be compared with article.h.
bool ComparesWithArticle(const Report& report);

// Returns the whole report. Keys that do not apply are left out.
nlohmann::ordered_json ReportJson(const Report& report);

}  // namespace newsgenre
