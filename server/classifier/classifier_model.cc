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

// Returns a text of 54 tokens, the average length in AG News, or of the model's limit if that is lower.
absl::StatusOr<Encoding> TypicalText(const TextEncoder& encoder) {
  constexpr int kTokens = 54;
  std::string words;
  for (int i = 0; i < kTokens; ++i) words += "news ";
  ASSIGN_OR_RETURN(Encoding text, encoder.Encode(words));
  text.ids.resize(std::min<size_t>(text.ids.size(), kTokens));
  return text;
}

// Times a batch of `texts` copies of `text`. Returns the best of at least `min_runs` runs; short runs are
// repeated more often.
absl::StatusOr<BatchCost> TimeBatch(const Classifier& classifier, const Encoding& text, int64_t texts,
                                    int min_runs) {
  constexpr int kMaxRuns = 4;
  constexpr double kEnoughSeconds = 0.2;
  using Clock = std::chrono::steady_clock;
  const std::vector<const Encoding*> batch(texts, &text);
  BatchCost cost{texts, texts * static_cast<int64_t>(text.ids.size()), 0};
  double spent = 0;
  for (int run = 0; run < kMaxRuns && (run < min_runs || spent < kEnoughSeconds); ++run) {
    const auto start = Clock::now();
    RETURN_IF_ERROR(classifier.Predict(batch).status());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    cost.seconds = run == 0 ? seconds : std::min(cost.seconds, seconds);
    spent += seconds;
  }
  return cost;
}

// Chooses the number of CPU threads by the duration of a small batch, and sets it for the process. Times each
// number in several runs, because the very first run is slow and a wrong choice halves the server's speed.
absl::StatusOr<int> ChooseThreads(const Classifier& classifier, int max_threads) {
  constexpr int64_t kTexts = 4;
  constexpr int kMinRuns = 3;
  ASSIGN_OR_RETURN(const Encoding text, TypicalText(classifier.encoder()));
  ASSIGN_OR_RETURN(const int threads, ChooseCpuThreads(max_threads, [&](int count) -> absl::StatusOr<double> {
                     SetCpuThreads(count);
                     ASSIGN_OR_RETURN(const BatchCost cost, TimeBatch(classifier, text, kTexts, kMinRuns));
                     return cost.seconds;
                   }));
  SetCpuThreads(threads);
  return threads;
}

// Times batches of 1, 2, 4, … texts until the next one would take too long. Takes a few seconds for
// ALBERT-base on two cores.
absl::StatusOr<std::vector<BatchCost>> MeasureBatches(const Classifier& classifier) {
  constexpr int64_t kMaxTexts = 1024;
  ASSIGN_OR_RETURN(const Encoding text, TypicalText(classifier.encoder()));
  std::vector<BatchCost> curve;
  for (int64_t texts = 1; texts <= kMaxTexts; texts *= 2) {
    ASSIGN_OR_RETURN(const BatchCost cost, TimeBatch(classifier, text, texts, /*min_runs=*/1));
    curve.push_back(cost);
    if (cost.seconds > kMaxBatchSeconds / 2) break;
  }
  return curve;
}

BatchLimits ChooseAndLogBatchLimits(const std::vector<BatchCost>& curve) {
  const BatchLimits limits = ChooseBatchLimits(curve);
  auto log = nlohmann::ordered_json::array();
  for (const BatchCost& cost : curve) {
    log.push_back({{"texts", cost.texts},
                   {"tokens", cost.tokens},
                   {"seconds", cost.seconds},
                   {"texts_per_second", static_cast<double>(cost.texts) / cost.seconds}});
  }
  Log(Severity::kInfo, "batch limits", {{"texts", limits.texts}, {"tokens", limits.tokens}, {"curve", log}});
  return limits;
}

double BestSecondsPerText(const std::vector<BatchCost>& curve) {
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
    // Callers would take RESOURCE_EXHAUSTED for a full queue and retry. A device that is out of memory is for
    // the operator to fix.
    if (absl::IsResourceExhausted(rows.status())) return absl::InternalError(rows.status().message());
    return rows;
  }

 private:
  const std::unique_ptr<Classifier> classifier_;
  const ModelInfo info_;
  const BatchLimits limits_;
};

absl::StatusOr<std::unique_ptr<Classifier>> LoadClassifier(const ClassifierModelOptions& options,
                                                           const ComputePlan& plan) {
  ClassifierOptions classifier_options;
  classifier_options.device = options.device;
  classifier_options.precision = options.precision;
  classifier_options.workers = plan.workers;
  classifier_options.kernels = plan.kernels;
  return Classifier::Load(options.model_dir, classifier_options);
}

}  // namespace

absl::StatusOr<FirstModel> LoadFirstModel(const ClassifierModelOptions& options) {
  const int cpus = AvailableCpus();
  ComputePlan plan;
  plan.workers = std::max(1, options.workers);
  const int max_threads = std::max(1, cpus / plan.workers);
  plan.threads_per_worker = options.threads_per_worker > 0 ? options.threads_per_worker : max_threads;
  SetCpuThreads(plan.threads_per_worker);
  ASSIGN_OR_RETURN(std::unique_ptr<Classifier> classifier, LoadClassifier(options, plan));
  plan.kernels = classifier->kernels();
  const bool on_cpu = classifier->device() == "cpu";
  if (on_cpu && options.threads_per_worker == 0) {
    ASSIGN_OR_RETURN(plan.threads_per_worker, ChooseThreads(*classifier, max_threads));
  }
  ASSIGN_OR_RETURN(const std::vector<BatchCost> curve, MeasureBatches(*classifier));
  const BatchLimits limits = ChooseAndLogBatchLimits(curve);
  if (on_cpu && options.workers == 0) {
    plan.workers = std::min(ChooseWorkers(cpus, plan.threads_per_worker, BestSecondsPerText(curve)),
                            ClassifierModelOptions::kMaxWorkers);
  }
  if (on_cpu) {
    Log(Severity::kInfo, "workers",
        {{"workers", plan.workers}, {"threads_per_worker", plan.threads_per_worker}, {"cpus", cpus}});
  }
  return FirstModel{std::make_shared<const ClassifierModel>(std::move(classifier), plan.workers, limits),
                    std::move(plan)};
}

absl::StatusOr<std::shared_ptr<const Model>> LoadNextModel(const ClassifierModelOptions& options,
                                                           const ComputePlan& plan) {
  ASSIGN_OR_RETURN(std::unique_ptr<Classifier> classifier, LoadClassifier(options, plan));
  ASSIGN_OR_RETURN(const std::vector<BatchCost> curve, MeasureBatches(*classifier));
  const BatchLimits limits = ChooseAndLogBatchLimits(curve);
  return std::make_shared<const ClassifierModel>(std::move(classifier), plan.workers, limits);
}

}  // namespace newsgenre
