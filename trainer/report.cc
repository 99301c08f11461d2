#include "trainer/report.h"

#include <cstdarg>
#include <cstdio>

namespace newsgenre {
namespace {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char buffer[200];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof(buffer), format, arguments);
  va_end(arguments);
  return buffer;
}

nlohmann::ordered_json MetricsJson(const Metrics& metrics, const std::vector<std::string>& labels) {
  nlohmann::ordered_json json = {{"rows", metrics.rows()},
                                 {"correct", metrics.correct()},
                                 {"accuracy", metrics.accuracy()},
                                 {"loss", metrics.loss}};
  for (size_t label = 0; label < labels.size(); ++label) {
    json["labels"][labels[label]] = {{"precision", metrics.precision(static_cast<int>(label))},
                                     {"recall", metrics.recall(static_cast<int>(label))}};
  }
  json["confusion"] = metrics.confusion;
  return json;
}

nlohmann::ordered_json EpochJson(const EpochResult& epoch) {
  return {{"epoch", epoch.epoch},
          {"steps", epoch.steps},
          {"training_loss", epoch.training_loss},
          {"training_accuracy", epoch.training_accuracy},
          {"validation_loss", epoch.validation.loss},
          {"validation_accuracy", epoch.validation.accuracy()},
          {"seconds", epoch.seconds},
          {"texts_per_second", epoch.texts_per_second}};
}

}  // namespace

std::string EpochTable(const std::vector<EpochResult>& epochs, int best) {
  std::string table = "epoch   train loss   validation loss   validation accuracy   seconds\n";
  for (size_t i = 0; i < epochs.size(); ++i) {
    const EpochResult& epoch = epochs[i];
    table += Format("%5d   %10.4f   %15.4f   %17.2f %%   %7.1f%s\n", epoch.epoch, epoch.training_loss,
                    epoch.validation.loss, 100 * epoch.validation.accuracy(), epoch.seconds,
                    static_cast<int>(i) == best ? "   published" : "");
  }
  return table;
}

std::string Summary(const Metrics& metrics) {
  return Format("accuracy %.2f %% (%lld of %lld), loss %.4f", 100 * metrics.accuracy(),
                static_cast<long long>(metrics.correct()), static_cast<long long>(metrics.rows()),
                metrics.loss);
}

nlohmann::ordered_json ReportJson(const Report& report) {
  nlohmann::ordered_json json = {
      {"version", report.version},
      {"release", report.release},
      {"labels", report.labels},
      {"device", report.device},
      {"threads", report.threads},
      {"model", {{"parameters", report.parameters}, {"vocab_size", report.vocab_size}}},
      {"rows", {{"training", report.training_rows}, {"validation", report.validation_rows}}},
      {"seconds", report.seconds},
      {"stopped", report.stopped},
      {"test_skipped", report.test_skipped},
  };
  for (const EpochResult& epoch : report.epochs) json["epochs"].push_back(EpochJson(epoch));
  json["best_epoch"] = report.epochs[report.best].epoch;
  json["validation"] = MetricsJson(report.epochs[report.best].validation, report.labels);
  if (report.test.has_value()) json["test"] = MetricsJson(*report.test, report.labels);
  json["recipe"] = report.recipe;
  return json;
}

}  // namespace newsgenre
