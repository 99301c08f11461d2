#include "server/classifier/classifier_model.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/device/cpu_threads.h"
#include "common/inference/classifier.h"
#include "server/classifier/batch_cost.h"

namespace newsgenre {
namespace {

ModelInfo InfoOf(const Classifier& classifier, int workers) {
  const v1::Manifest& manifest = classifier.manifest();
  ModelInfo info;
  info.version = manifest.version();
  info.labels = {manifest.labels().begin(), manifest.labels().end()};
  info.max_tokens = classifier.encoder().max_tokens();
  info.metrics = {manifest.metrics().begin(), manifest.metrics().end()};
  info.device = classifier.device();
  info.precision = std::string(PrecisionName(classifier.precision()));
  info.workers = workers;
  return info;
}

// About as long as AG News's texts are on average: 54 tokens.
absl::StatusOr<Encoding> TypicalText(const TextEncoder& encoder) {
  std::string words;
  for (int i = 0; i < 54; ++i) words += "news ";
  ASSIGN_OR_RETURN(Encoding text, encoder.Encode(words));
  text.ids.resize(std::min<size_t>(text.ids.size(), 54));
  return text;
}

// What a batch of so many of `text` takes: the best of a few runs, of fewer where they are long.
absl::StatusOr<BatchCost> TimeBatch(const Classifier& classifier, const Encoding& text, int64_t texts,
                                    int least_runs) {
  constexpr int kMostRuns = 4;
  constexpr double kEnoughSeconds = 0.2;
  using Clock = std::chrono::steady_clock;
  const std::vector<const Encoding*> batch(texts, &text);
  BatchCost cost{texts, texts * static_cast<int64_t>(text.ids.size()), 0};
  double spent = 0;
  for (int run = 0; run < kMostRuns && (run < least_runs || spent < kEnoughSeconds); ++run) {
    const auto start = Clock::now();
    RETURN_IF_ERROR(classifier.Predict(batch).status());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    cost.seconds = run == 0 ? seconds : std::min(cost.seconds, seconds);
    spent += seconds;
  }
  return cost;
}

// By what a small batch takes. Several runs for each number, because the first one of all is slow, and a
// wrong choice costs half the speed for as long as the server runs.
absl::StatusOr<int> ChooseThreads(const Classifier& classifier, int most_threads) {
  constexpr int64_t kTexts = 4;
  constexpr int kLeastRuns = 3;
  ASSIGN_OR_RETURN(const Encoding text, TypicalText(classifier.encoder()));
  ASSIGN_OR_RETURN(const int threads,
                   ChooseCpuThreads(most_threads, [&](int count) -> absl::StatusOr<double> {
                     SetCpuThreads(count);
                     ASSIGN_OR_RETURN(const BatchCost cost, TimeBatch(classifier, text, kTexts, kLeastRuns));
                     return cost.seconds;
                   }));
  SetCpuThreads(threads);
  return threads;
}

// Doubles the batch until the next one would take too long. A few seconds at ALBERT-base on two cores.
absl::StatusOr<std::vector<BatchCost>> MeasureBatches(const Classifier& classifier) {
  constexpr int64_t kMostTexts = 1024;
  ASSIGN_OR_RETURN(const Encoding text, TypicalText(classifier.encoder()));
  std::vector<BatchCost> curve;
  for (int64_t texts = 1; texts <= kMostTexts; texts *= 2) {
    ASSIGN_OR_RETURN(const BatchCost cost, TimeBatch(classifier, text, texts, /*least_runs=*/1));
    curve.push_back(cost);
    if (cost.seconds > kMaxBatchSeconds / 2) break;
  }
  return curve;
}

void LogBatchLimits(const BatchLimits& limits, const std::vector<BatchCost>& curve) {
  auto log = nlohmann::ordered_json::array();
  for (const BatchCost& cost : curve) {
    log.push_back({{"texts", cost.texts},
                   {"tokens", cost.tokens},
                   {"seconds", cost.seconds},
                   {"texts_per_second", static_cast<double>(cost.texts) / cost.seconds}});
  }
  Log(Severity::kInfo, "batch limits", {{"texts", limits.texts}, {"tokens", limits.tokens}, {"curve", log}});
}

double BestSecondsOfText(const std::vector<BatchCost>& curve) {
  double best = std::numeric_limits<double>::infinity();
  for (const BatchCost& cost : curve) best = std::min(best, cost.seconds / static_cast<double>(cost.texts));
  return best;
}

class ClassifierModel : public Model {
 public:
  ClassifierModel(std::unique_ptr<Classifier> classifier, int workers, const BatchLimits& limits)
      : classifier_(std::move(classifier)), info_(InfoOf(*classifier_, workers)), limits_(limits) {}

  const ModelInfo& info() const override { return info_; }
  BatchLimits batch_limits() const override { return limits_; }
  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    return classifier_->encoder().Encode(text);
  }
  absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const override {
    auto rows = classifier_->Predict(batch);
    // To a caller RESOURCE_EXHAUSTED means a full queue; a device without memory is for the operator.
    if (absl::IsResourceExhausted(rows.status())) return absl::InternalError(rows.status().message());
    return rows;
  }

 private:
  const std::unique_ptr<Classifier> classifier_;
  const ModelInfo info_;
  const BatchLimits limits_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Model>> LoadClassifierModel(const ClassifierModelOptions& options) {
  const int cpus = AvailableCpus();
  int workers = std::max(1, options.workers);
  const int most_threads = std::max(1, cpus / workers);
  int threads = options.threads_per_worker > 0 ? options.threads_per_worker : most_threads;
  SetCpuThreads(threads);
  ASSIGN_OR_RETURN(std::unique_ptr<Classifier> classifier,
                   Classifier::Load(options.model_dir, {options.device, options.precision, workers}));
  const bool on_cpu = classifier->device() == "cpu";
  if (on_cpu && options.threads_per_worker == 0) {
    ASSIGN_OR_RETURN(threads, ChooseThreads(*classifier, most_threads));
  }
  ASSIGN_OR_RETURN(const std::vector<BatchCost> curve, MeasureBatches(*classifier));
  const BatchLimits limits = LimitsFromCost(curve);
  LogBatchLimits(limits, curve);
  if (on_cpu) {
    if (options.workers == 0) {
      workers =
          std::min(WorkersFor(cpus, threads, BestSecondsOfText(curve)), ClassifierModelOptions::kMaxWorkers);
    }
    Log(Severity::kInfo, "workers", {{"workers", workers}, {"threads_per_worker", threads}, {"cpus", cpus}});
  }
  return std::make_shared<const ClassifierModel>(std::move(classifier), workers, limits);
}

}  // namespace newsgenre
