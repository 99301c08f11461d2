#include "server/classifier/self_test.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/device/cpu_threads.h"
#include "common/device/machine.h"
#include "common/inference/classifier.h"
#include "common/inference/deviation.h"
#include "common/kernels/product_rate.h"
#include "server/classifier/self_test_table.h"

namespace newsgenre {
namespace {

using Batch = std::vector<const Encoding*>;

// The number of ProbeTexts() that the timed batches consist of.
constexpr int kTimedTexts = 4;

// An execution path to test.
struct Path {
  std::string device;
  std::string precision;
  ServingPath path;
  std::string name;
};

// Returns the paths of a device. Omits bf16 on GPUs that emulate it; tests it on every CPU.
std::vector<Path> PathsOf(const Machine& machine) {
  const std::string& device = machine.device;
  if (!machine.capabilities.is_gpu) {
    return {{device, "fp32", ServingPath::kBest, "engine"},
            {device, "bf16", ServingPath::kBest, "engine"},
            {device, "int8", ServingPath::kBest, "engine"}};
  }
  std::vector<Path> paths = {{device, "fp32", ServingPath::kPlain, "plain"}};
  for (const std::string precision : {"fp32", "bf16", "fp16"}) {
    if (precision == "bf16" && !machine.capabilities.native_bf16) continue;
    paths.push_back({device, precision, ServingPath::kEager, "eager"});
    paths.push_back({device, precision, ServingPath::kBest, "graphs"});
  }
  return paths;
}

// Loads the model so that exactly this path runs, whether its results are right or wrong.
absl::StatusOr<std::unique_ptr<Classifier>> Load(const ClassifierModelOptions& model, const Path& path) {
  ClassifierOptions options;
  options.device = path.device;
  options.precision = path.precision;
  options.path = path.path;
  options.check = false;
  options.workers = 2;
  return Classifier::Load(model.model_dir, options);
}

absl::StatusOr<std::vector<Encoding>> EncodeTexts(const Classifier& classifier) {
  std::vector<std::string> texts = ProbeTexts();
  // The longest text that the model reads; the model truncates it.
  std::string longest;
  for (int i = 0; i < classifier.encoder().max_tokens(); ++i) longest += "news ";
  texts.push_back(longest);
  for (const v1::Canary& canary : classifier.manifest().canaries()) texts.push_back(canary.text());
  std::vector<Encoding> encodings;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(encodings.emplace_back(), classifier.encoder().Encode(text));
  }
  return encodings;
}

absl::StatusOr<ProbabilityRows> PredictAll(const Classifier& classifier, const std::vector<Encoding>& texts) {
  return PredictAloneAndTogether([&](const Batch& batch) { return classifier.Predict(batch); }, texts);
}

// Returns the paths of the CPU and, if the machine has one, of the GPU. Writes a description of each device.
absl::StatusOr<std::vector<Path>> FindPaths(const std::string& device, std::ostream& out) {
  ASSIGN_OR_RETURN(const Machine cpu, DescribeMachine("cpu"));
  std::vector<Path> paths = PathsOf(cpu);
  out << "cpu     " << cpu.description << "\n";
  if (device == "cpu") return paths;
  const bool any_gpu = device == "auto";
  const std::string name = any_gpu ? "cuda:0" : device;
  const absl::StatusOr<Machine> gpu = DescribeMachine(name);
  if (gpu.ok()) {
    out << name << "  " << gpu->description << "\n";
    for (Path& path : PathsOf(*gpu)) paths.push_back(std::move(path));
    return paths;
  }
  if (!any_gpu) return gpu.status();
  out << "no GPU was found: " << gpu.status().message() << "\n";
  return paths;
}

// Tests one path after the other.
class PathTester {
 public:
  struct Options {
    const ClassifierModelOptions& model;
    double seconds_per_rate;
  };
  // `expected` has the rows of the plain fp32 path on the CPU for `texts`.
  PathTester(const Options& options, std::vector<Encoding> texts, ProbabilityRows expected)
      : options_(options), texts_(std::move(texts)), expected_(std::move(expected)) {}

  // Also compares a "graphs" path with the "eager" path, which must be the previous one.
  PathResult Run(const Path& path) {
    PathResult result;
    result.device = path.device;
    result.precision = path.precision;
    result.path = path.name;
    absl::StatusOr<ProbabilityRows> rows = Test(path, &result);
    if (!rows.ok()) {
      result.error = std::string(rows.status().message());
      rows = ProbabilityRows();
    }
    if (path.name == "graphs" && !rows->empty() && !eager_rows_.empty()) {
      result.from_eager = LargestDeviation(*rows, eager_rows_);
    }
    eager_rows_ = path.name == "eager" ? *std::move(rows) : ProbabilityRows();
    return result;
  }

 private:
  // Returns the path's rows and fills in the other fields of `result`.
  absl::StatusOr<ProbabilityRows> Test(const Path& path, PathResult* result) const {
    ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier, Load(options_.model, path));
    result->bound = Tolerance(classifier->precision());
    std::future<absl::StatusOr<ProbabilityRows>> concurrent;
    if (path.device != "cpu") {
      concurrent = std::async(std::launch::async, [&] { return PredictAll(*classifier, texts_); });
    }
    const absl::StatusOr<ProbabilityRows> rows = PredictAll(*classifier, texts_);
    if (concurrent.valid()) {
      const absl::StatusOr<ProbabilityRows> other = concurrent.get();
      RETURN_IF_ERROR(other.status());
      result->difference = LargestDeviation(*other, expected_);
    }
    RETURN_IF_ERROR(rows.status());
    result->difference = std::max(result->difference, LargestDeviation(*rows, expected_));
    RETURN_IF_ERROR(MeasureRates(*classifier, result));
    ASSIGN_OR_RETURN(result->product_teraflops, ProductTeraflops(path.device, classifier->precision()));
    return rows;
  }

  absl::Status MeasureRates(const Classifier& classifier, PathResult* result) const {
    double seconds_per_text = 0;
    for (const int size : kSelfTestBatches) {
      Batch batch;
      double tokens = 0;
      // Starts with a text of medium length, which is the whole batch of 1.
      for (int i = 0; i < size; ++i) {
        batch.push_back(&texts_[(i + 2) % kTimedTexts]);
        tokens += static_cast<double>(batch.back()->ids.size());
      }
      ASSIGN_OR_RETURN(const auto rate, TextsPerSecond(classifier, batch, seconds_per_text * size));
      result->texts_per_second.push_back(rate);
      if (!rate) continue;
      seconds_per_text = 1 / *rate;
      result->tokens_per_second = std::max(result->tokens_per_second, *rate * tokens / size);
    }
    return absl::OkStatus();
  }

  // Returns nullopt if one run would take too long.
  absl::StatusOr<std::optional<double>> TextsPerSecond(const Classifier& classifier, const Batch& batch,
                                                       double expected_seconds) const {
    using Clock = std::chrono::steady_clock;
    constexpr double kMaxSeconds = 8;
    if (expected_seconds > kMaxSeconds) return std::nullopt;
    // Warms up, unless the run is so long that it does not matter.
    if (expected_seconds < 1) RETURN_IF_ERROR(classifier.Predict(batch).status());
    const auto start = Clock::now();
    double texts = 0, seconds = 0;
    do {
      RETURN_IF_ERROR(classifier.Predict(batch).status());
      texts += static_cast<double>(batch.size());
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
    } while (seconds < options_.seconds_per_rate);
    return texts / seconds;
  }

  const Options options_;
  const std::vector<Encoding> texts_;
  const ProbabilityRows expected_;
  ProbabilityRows eager_rows_;  // the previous path's rows if it was "eager", or empty
};

}  // namespace

absl::StatusOr<bool> RunSelfTest(const ClassifierModelOptions& model, double seconds_per_rate,
                                 std::ostream& out) {
  SetCpuThreads(model.threads_per_worker > 0 ? model.threads_per_worker : AvailableCpus());
  out << "model   " << model.model_dir << "\n";
  ASSIGN_OR_RETURN(const std::vector<Path> paths, FindPaths(model.device, out));
  ASSIGN_OR_RETURN(const auto reference, Load(model, {"cpu", "fp32", ServingPath::kPlain, "plain"}));
  ASSIGN_OR_RETURN(std::vector<Encoding> texts, EncodeTexts(*reference));
  ASSIGN_OR_RETURN(ProbabilityRows expected, PredictAll(*reference, texts));
  out << "\n" << texts.size() << " texts, each alone and all together\n\n" << SelfTestHeader() << std::flush;

  PathTester tester({model, seconds_per_rate}, std::move(texts), std::move(expected));
  std::vector<PathResult> results;
  for (const Path& path : paths) {
    results.push_back(tester.Run(path));
    out << SelfTestRow(results.back()) << std::flush;
  }
  out << "\n" << SelfTestVerdict(results) << std::flush;
  return std::all_of(results.begin(), results.end(), Passed);
}

}  // namespace newsgenre
