// What a training run, or an evaluation alone, reports. Pure; any thread.
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
  double training_article_loss = 0;  // the same rows, as ArticleLoss counts
  double training_accuracy = 0;      // likewise, 0 … 1
  int64_t training_correct = 0;
  ClassificationMetrics validation;  // at the epoch's end
  double validation_article_loss = 0;
  double learning_rate = 0;      // of the epoch's last step
  double seconds = 0;            // training and validation
  double texts_per_second = 0;   // training alone
  double tokens_per_second = 0;  // likewise
};

// How the training goes within its epochs.
struct StepPoint {
  int64_t step = 0;  // from 1, over the whole run
  double learning_rate = 0;
  double loss = 0;  // mean over the steps since the last point
};

// A wrong prediction with its text.
struct ReportedMistake {
  int64_t line = 0;  // of the file
  std::string text;  // any bytes; an excerpt is enough
  int label = 0;     // the right one; index into Report::labels
  int predicted = 0;
  double confidence = 0;  // the prediction's probability
};

// How long texts are.
struct LengthHistogram {
  int bin_tokens = 0;         // bin i has the lengths of i * bin_tokens + 1 … (i + 1) * bin_tokens tokens
  std::vector<int64_t> rows;  // by bin
  int64_t truncated = 0;            // texts that were longer than the network reads
  int max_tokens = 0;         // the network's limit
};

// How well masked pieces are told in texts that this run, if not one that it goes on from, held out.
struct HeldOut {
  int64_t words = 0;  // pieces to tell; a tenth of them stay visible, as ALBERT's do
  int64_t correct = 0;
  double loss = 0;  // mean of -ln(probability of the right piece)
};

// What does not apply stays as it is here.
struct Report {
  std::string version;
  std::string release;  // the folder
  std::vector<std::string> labels;
  std::string device;
  std::string precision;  // "fp32", "bf16", …
  std::string processor;  // what the device is, in words
  std::string kernels;    // what it runs
  int threads = 0;
  int64_t training_rows = 0;
  int64_t validation_rows = 0;
  int64_t parameters = 0;
  int vocab_size = 0;
  std::vector<EpochResult> epochs;    // none: an evaluation alone
  int best = 0;                       // index into `epochs` of the one that is published
  std::vector<StepPoint> steps;       // some hundreds at most
  std::optional<HeldOut> held_out;    // of a pre-training
  std::optional<double> temperature;  // what the release divides its logits by
  std::optional<ClassificationMetrics>
      calibrated;                             // the published epoch's validation rows, with `temperature`
  std::optional<ClassificationMetrics> test;  // as the release answers, with its temperature
  std::string test_file;
  std::vector<ReportedMistake> mistakes;  // of the test, or of the validation rows where there is no test
  std::string mistakes_file;
  std::optional<LengthHistogram> lengths;  // of the training rows; of the test's in an evaluation alone
  double seconds = 0;                      // of the whole run
  double cpu_seconds = 0;                  // likewise, of all its threads
  std::map<std::string, std::string> recipe;
};

std::string_view KindOf(const Report& report);  // "training", "pre-training" or "evaluation"

// `lengths` in tokens (at least one), in at most 32 bins.
LengthHistogram CountLengths(const std::vector<int32_t>& lengths, int64_t truncated, int max_tokens);

// One line an epoch, the published one marked.
std::string EpochTable(const std::vector<EpochResult>& epochs, int best);

// "accuracy 91.34 % (6942 of 7600), loss 0.2571", "masked-LM accuracy 41.20 % (18545 of 45012), loss 3.1415".
std::string Summary(const ClassificationMetrics& metrics);
std::string Summary(const HeldOut& held_out);

// What the report says of one set of rows; `metrics` points into the report.
struct NamedMetrics {
  std::string name;  // "test", "validation, temperature 1.250" or "validation"
  const ClassificationMetrics* metrics = nullptr;
};

// All sets that the report has, the most telling first: the test, the published epoch's validation rows with
// the temperature, and without it.
std::vector<NamedMetrics> MetricsOf(const Report& report);

// Whether the labels are AG News's, so that the article's figures (article.h) say something beside these.
bool ComparesWithArticle(const Report& report);

// Everything. The keys of what doesn't apply are left out.
nlohmann::ordered_json ReportJson(const Report& report);

}  // namespace newsgenre
