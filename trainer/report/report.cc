#include "trainer/report/report.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/text/news_reader.h"

namespace newsgenre {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxLengthBins = 32;

Json MetricsJson(const ClassificationMetrics& metrics, const std::vector<std::string>& labels) {
  Json json = {{"rows", metrics.rows()}, {"correct", metrics.correct()},   {"accuracy", metrics.accuracy()},
               {"loss", metrics.loss},   {"macro_f1", metrics.macro_f1()}, {"ece", metrics.ece()}};
  for (size_t i = 0; i < labels.size(); ++i) {
    const int label = static_cast<int>(i);
    json["labels"][labels[i]] = {{"precision", metrics.precision(label)},
                                 {"recall", metrics.recall(label)},
                                 {"f1", metrics.f1(label)}};
  }
  json["confusion"] = metrics.confusion;
  for (const CalibrationBin& bin : metrics.bins) {
    json["calibration_bins"].push_back(
        {{"rows", bin.rows}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  }
  return json;
}

Json EpochJson(const EpochResult& epoch) {
  return {{"epoch", epoch.epoch},
          {"steps", epoch.steps},
          {"training_loss", epoch.training_loss},
          {"training_article_loss", epoch.training_article_loss},
          {"training_accuracy", epoch.training_accuracy},
          {"training_correct", epoch.training_correct},
          {"validation_loss", epoch.validation.loss},
          {"validation_article_loss", epoch.validation_article_loss},
          {"validation_accuracy", epoch.validation.accuracy()},
          {"validation_correct", epoch.validation.correct()},
          {"learning_rate", epoch.learning_rate},
          {"seconds", epoch.seconds},
          {"texts_per_second", epoch.texts_per_second},
          {"tokens_per_second", epoch.tokens_per_second}};
}

void AddSteps(const Report& report, Json* json) {
  (*json)["rows"] = {{"training", report.training_rows}, {"validation", report.validation_rows}};
  for (const StepPoint& point : report.steps) {
    (*json)["steps"].push_back(
        {{"step", point.step}, {"learning_rate", point.learning_rate}, {"loss", point.loss}});
  }
}

void AddEpochs(const Report& report, Json* json) {
  for (const EpochResult& epoch : report.epochs) (*json)["epochs"].push_back(EpochJson(epoch));
  (*json)["best_epoch"] = report.epochs[report.best].epoch;
  (*json)["validation"] = MetricsJson(report.epochs[report.best].validation, report.labels);
}

void AddMistakes(const Report& report, Json* json) {
  (*json)["mistakes_file"] = report.mistakes_file;
  for (const ReportedMistake& mistake : report.mistakes) {
    (*json)["mistakes"].push_back({{"line", mistake.line},
                                   {"text", mistake.text},
                                   {"label", report.labels[mistake.label]},
                                   {"predicted", report.labels[mistake.predicted]},
                                   {"confidence", mistake.confidence}});
  }
}

}  // namespace

std::string_view KindOf(const Report& report) {
  return report.held_out.has_value() ? "pre-training" : report.epochs.empty() ? "evaluation" : "training";
}

LengthHistogram CountLengths(const std::vector<int32_t>& lengths, int64_t truncated, int max_tokens) {
  LengthHistogram histogram;
  const int longest = *std::max_element(lengths.begin(), lengths.end());
  histogram.bin_tokens = (longest + kMaxLengthBins - 1) / kMaxLengthBins;
  histogram.rows.resize((longest + histogram.bin_tokens - 1) / histogram.bin_tokens);
  for (const int32_t length : lengths) ++histogram.rows[(length - 1) / histogram.bin_tokens];
  histogram.truncated = truncated;
  histogram.max_tokens = max_tokens;
  return histogram;
}

std::string EpochTable(const std::vector<EpochResult>& epochs, int best) {
  std::string table = "epoch   train loss   validation loss   validation accuracy   seconds\n";
  for (size_t i = 0; i < epochs.size(); ++i) {
    const EpochResult& epoch = epochs[i];
    absl::StrAppendFormat(&table, "%5d   %10.4f   %15.4f   %17.2f %%   %7.1f%s\n", epoch.epoch,
                          epoch.training_loss, epoch.validation.loss, 100 * epoch.validation.accuracy(),
                          epoch.seconds, static_cast<int>(i) == best ? "   published" : "");
  }
  return table;
}

std::string Summary(const ClassificationMetrics& metrics) {
  return absl::StrFormat("accuracy %.2f %% (%d of %d), loss %.4f", 100 * metrics.accuracy(),
                         metrics.correct(), metrics.rows(), metrics.loss);
}

std::string Summary(const HeldOutResult& held_out) {
  return absl::StrFormat(
      "masked-LM accuracy %.2f %% (%d of %d), loss %.4f",
      100.0 * static_cast<double>(held_out.correct) / static_cast<double>(held_out.predictions),
      held_out.correct, held_out.predictions, held_out.loss);
}

std::vector<NamedMetrics> MetricsOf(const Report& report) {
  std::vector<NamedMetrics> all;
  if (report.test.has_value()) all.push_back({"test", &*report.test});
  if (report.calibrated.has_value()) {
    all.push_back({absl::StrFormat("validation, temperature %.3f", report.temperature.value_or(1)),
                   &*report.calibrated});
  }
  if (!report.epochs.empty()) all.push_back({"validation", &report.epochs[report.best].validation});
  return all;
}

bool ComparesWithArticle(const Report& report) { return report.labels == AgNewsLabels(); }

Json ReportJson(const Report& report) {
  Json json = {
      {"version", report.version},
      {"release", report.release},
      {"labels", report.labels},
      {"device", report.device},
      {"precision", report.precision},
      {"processor", report.processor},
      {"kernels", report.kernels},
      {"threads", report.threads},
      {"model", {{"parameters", report.parameters}, {"vocab_size", report.vocab_size}}},
      {"seconds", report.seconds},
      {"cpu_seconds", report.cpu_seconds},
  };
  if (report.training_rows > 0) AddSteps(report, &json);
  if (!report.epochs.empty()) AddEpochs(report, &json);
  if (report.held_out.has_value()) {
    json["held_out"] = {{"words", report.held_out->predictions},
                        {"correct", report.held_out->correct},
                        {"loss", report.held_out->loss}};
  }
  if (report.temperature.has_value()) json["temperature"] = *report.temperature;
  if (report.calibrated.has_value()) json["calibrated"] = MetricsJson(*report.calibrated, report.labels);
  if (report.test.has_value()) {
    json["test"] = MetricsJson(*report.test, report.labels);
    json["test"]["file"] = report.test_file;
  }
  if (!report.mistakes.empty()) AddMistakes(report, &json);
  if (report.lengths.has_value()) {
    json["lengths"] = {{"bin_tokens", report.lengths->bin_tokens},
                       {"rows", report.lengths->rows},
                       {"cut", report.lengths->truncated},
                       {"max_tokens", report.lengths->max_tokens}};
  }
  if (!report.recipe.empty()) json["recipe"] = report.recipe;
  return json;
}

}  // namespace newsgenre
