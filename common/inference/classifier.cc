#include "common/inference/classifier.h"

#include <cmath>
#include <utility>

#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/device.h"
#include "common/inference/deviation.h"
#include "common/inference/execution_path.h"
#include "common/inference/predict.h"

namespace newsgenre {
namespace {

// Machines add in different orders; a wrong weight changes a probability by far more.
constexpr float kMaxCanaryDeviation = 1e-3f;

absl::Status CheckCanary(const v1::Canary& canary, const Probabilities& probabilities,
                         const v1::Manifest& manifest) {
  for (int label = 0; label < static_cast<int>(probabilities.size()); ++label) {
    const float stored = canary.probabilities(label);
    if (std::abs(probabilities[label] - stored) <= kMaxCanaryDeviation) continue;  // false for a NaN
    return absl::FailedPreconditionError(manifest.labels(label) + " has the probability " +
                                         std::to_string(probabilities[label]) + ", the manifest says " +
                                         std::to_string(stored) + "; they may differ by at most " +
                                         std::to_string(kMaxCanaryDeviation));
  }
  return absl::OkStatus();
}

// Returns the canaries and the built-in texts with their probabilities by the plain path. `checkpoint` is
// still on the CPU. Checks the canaries.
absl::StatusOr<DeviationCheck> MakeDeviationCheck(const Checkpoint& checkpoint) {
  DeviationCheck check;
  const v1::Manifest& manifest = checkpoint.manifest;
  for (int i = 0; i < manifest.canaries_size(); ++i) {
    absl::StatusOr<Encoding> encoding = checkpoint.encoder.Encode(manifest.canaries(i).text());
    if (!encoding.ok()) return AddContext(encoding.status(), "canary " + std::to_string(i));
    check.texts.push_back(*std::move(encoding));
  }
  for (const std::string& text : ProbeTexts()) {
    ASSIGN_OR_RETURN(check.texts.emplace_back(), checkpoint.encoder.Encode(text));
  }
  const auto predict = [&](const std::vector<const Encoding*>& batch) {
    return Predict(checkpoint.model, batch);
  };
  ASSIGN_OR_RETURN(check.expected, PredictAlone(predict, check.texts));
  for (int i = 0; i < manifest.canaries_size(); ++i) {
    RETURN_IF_ERROR(AddContext(CheckCanary(manifest.canaries(i), check.expected[i], manifest),
                               "canary " + std::to_string(i)));
  }
  return check;
}

void LogPath(const ExecutionPath& path, const std::string& device) {
  auto kernels = nlohmann::ordered_json::array();
  for (const KernelChoice& choice : path.kernels) {
    kernels.push_back({{"linear", choice.linear},
                       {"kernel", choice.kernel},
                       {"gflops_small", std::round(choice.small_gflops)},
                       {"gflops_large", std::round(choice.large_gflops)}});
  }
  Log(Severity::kInfo, "engine",
      {{"device", device},
       {"path", path.name},
       {"precision", PrecisionName(path.precision)},
       {"deviation", path.deviation},
       {"kernels", std::move(kernels)}});
}

}  // namespace

struct Classifier::Impl {
  Checkpoint checkpoint;
  std::string device;
  ExecutionPath path;
};

absl::StatusOr<std::unique_ptr<Classifier>> Classifier::Load(const std::string& path,
                                                             const ClassifierOptions& options) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(options.device));
  const DeviceCapabilities capabilities = CapabilitiesOf(device);
  ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.precision, capabilities));
  if (precision == Precision::kBf16 && !capabilities.native_bf16) {
    Log(Severity::kWarning, "bf16 is slow on this device, which has no instructions to multiply it",
        {{"device", device.str()}});
  }
  ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadCheckpoint(path));
  DeviationCheck check;
  if (options.check) {
    absl::StatusOr<DeviationCheck> made = MakeDeviationCheck(checkpoint);
    if (!made.ok()) return AddContext(made.status(), path);
    check = *std::move(made);
  }
  RETURN_IF_ERROR(CatchTorch([&] {
    checkpoint.model.To(device);
    return absl::OkStatus();
  }));
  std::vector<ExecutionPathCandidate> candidates = CandidatesFor(checkpoint.model, precision, options);
  if (!options.check) candidates.resize(1);
  absl::StatusOr<ExecutionPath> chosen = ChooseExecutionPath(candidates, check);
  if (!chosen.ok()) return AddContext(chosen.status(), path);
  LogPath(*chosen, device.str());
  auto impl = std::make_unique<Impl>(Impl{std::move(checkpoint), device.str(), *std::move(chosen)});
  return std::unique_ptr<Classifier>(new Classifier(std::move(impl)));
}

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::~Classifier() = default;

const TextEncoder& Classifier::encoder() const { return impl_->checkpoint.encoder; }
const v1::Manifest& Classifier::manifest() const { return impl_->checkpoint.manifest; }
const std::string& Classifier::device() const { return impl_->device; }
Precision Classifier::precision() const { return impl_->path.precision; }
const std::vector<KernelChoice>& Classifier::kernels() const { return impl_->path.kernels; }

absl::StatusOr<ProbabilityRows> Classifier::Predict(const std::vector<const Encoding*>& batch) const {
  return newsgenre::Predict(*impl_->path.forward, batch);
}

}  // namespace newsgenre
