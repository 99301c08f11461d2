#include "common/inference/classifier.h"

#include <cmath>
#include <utility>

#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/device.h"
#include "common/inference/deviation.h"
#include "common/inference/predict.h"
#include "common/inference/serving_path.h"

namespace newsgenre {
namespace {

// Machines add in another order; a wrong weight moves a probability by far more.
constexpr float kMaxCanaryDrift = 1e-3f;

absl::Status CheckCanary(const v1::Canary& canary, const Probabilities& probabilities,
                         const v1::Manifest& manifest) {
  for (int label = 0; label < static_cast<int>(probabilities.size()); ++label) {
    const float stored = canary.probabilities(label);
    if (std::abs(probabilities[label] - stored) <= kMaxCanaryDrift) continue;  // false for a NaN
    return absl::FailedPreconditionError(manifest.labels(label) + " has the probability " +
                                         std::to_string(probabilities[label]) + ", the manifest says " +
                                         std::to_string(stored) + "; the limit is " +
                                         std::to_string(kMaxCanaryDrift) + " apart");
  }
  return absl::OkStatus();
}

// The canaries and the built-in texts, with what the plain path on the CPU says of them, where `checkpoint`
// still is.
absl::StatusOr<DeviationCheck> MakeDriftCheck(const Checkpoint& checkpoint) {
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
  ASSIGN_OR_RETURN(check.expected, AnswersOf(predict, check.texts, /*together=*/false));
  for (int i = 0; i < manifest.canaries_size(); ++i) {
    RETURN_IF_ERROR(AddContext(CheckCanary(manifest.canaries(i), check.expected[i], manifest),
                               "canary " + std::to_string(i)));
  }
  return check;
}

void LogChoice(const ChosenPath& chosen, const std::string& device) {
  auto kernels = nlohmann::ordered_json::array();
  for (const KernelChoice& choice : chosen.path.kernels) {
    kernels.push_back({{"linear", choice.linear},
                       {"kernel", choice.kernel},
                       {"gflops_small", std::round(choice.small_gflops)},
                       {"gflops_large", std::round(choice.large_gflops)}});
  }
  Log(Severity::kInfo, "engine",
      {{"device", device},
       {"path", chosen.candidate.name},
       {"precision", PrecisionName(chosen.candidate.precision)},
       {"drift", chosen.path.drift},
       {"kernels", std::move(kernels)}});
}

}  // namespace

struct Classifier::Impl {
  Checkpoint checkpoint;
  std::string device;
  Precision precision;
  ReadyPath path;
};

absl::StatusOr<std::unique_ptr<Classifier>> Classifier::Load(const std::string& path,
                                                             const ClassifierOptions& options) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(options.device));
  const DeviceCapabilities abilities = CapabilitiesOf(device);
  ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.precision, abilities));
  if (precision == Precision::kBf16 && !abilities.native_bf16) {
    Log(Severity::kWarning, "bf16 is slow here: the hardware does not multiply it",
        {{"device", device.str()}});
  }
  ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadCheckpoint(path));
  DeviationCheck check;
  if (options.check) {
    absl::StatusOr<DeviationCheck> made = MakeDriftCheck(checkpoint);
    if (!made.ok()) return AddContext(made.status(), path);
    check = *std::move(made);
  }
  RETURN_IF_ERROR(CatchTorch([&] {
    checkpoint.model.To(device);
    return absl::OkStatus();
  }));
  std::vector<PathCandidate> candidates = CandidatesFor(checkpoint.model, precision, options);
  if (!options.check) candidates.resize(1);
  const absl::StatusOr<ChosenPath> chosen = ChoosePath(candidates, check);
  if (!chosen.ok()) return AddContext(chosen.status(), path);
  LogChoice(*chosen, device.str());
  auto impl = std::make_unique<Impl>(
      Impl{std::move(checkpoint), device.str(), chosen->candidate.precision, chosen->path});
  return std::unique_ptr<Classifier>(new Classifier(std::move(impl)));
}

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::~Classifier() = default;

const TextEncoder& Classifier::encoder() const { return impl_->checkpoint.encoder; }
const v1::Manifest& Classifier::manifest() const { return impl_->checkpoint.manifest; }
const std::string& Classifier::device() const { return impl_->device; }
Precision Classifier::precision() const { return impl_->precision; }
const std::vector<KernelChoice>& Classifier::kernels() const { return impl_->path.kernels; }

absl::StatusOr<ProbabilityRows> Classifier::Predict(const std::vector<const Encoding*>& batch) const {
  return newsgenre::Predict(impl_->path.forward, batch);
}

}  // namespace newsgenre
