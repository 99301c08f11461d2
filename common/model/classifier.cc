#include "common/model/classifier.h"

#include <cmath>
#include <utility>

#include "common/base/status_macros.h"
#include "common/model/checkpoint.h"
#include "common/model/device.h"
#include "common/model/engine.h"
#include "common/model/packed_batch.h"
#include "common/model/predict.h"

namespace newsgenre {
namespace {

// Devices and kernels add in another order; a wrong kernel or a wrong weight moves a probability by far more.
constexpr float kMaxCanaryDrift = 1e-3f;

}  // namespace

struct Classifier::Impl {
  Checkpoint checkpoint;
  std::string device;
  Precision precision;
  std::vector<KernelChoice> kernels;
  Forward forward;

  absl::StatusOr<std::vector<float>> ProbabilitiesOf(const std::string& text) const {
    ASSIGN_OR_RETURN(const Encoding encoding, checkpoint.encoder.Encode(text));
    ASSIGN_OR_RETURN(auto probabilities, Predict(forward, {&encoding}));
    return std::move(probabilities[0]);
  }

  absl::Status CheckCanary(const v1::Canary& canary) const {
    ASSIGN_OR_RETURN(const std::vector<float> probabilities, ProbabilitiesOf(canary.text()));
    for (size_t label = 0; label < probabilities.size(); ++label) {
      const float stored = canary.probabilities(static_cast<int>(label));
      if (std::abs(probabilities[label] - stored) <= kMaxCanaryDrift) continue;  // false for a NaN
      return absl::FailedPreconditionError(checkpoint.manifest.labels(static_cast<int>(label)) +
                                           " has the probability " + std::to_string(probabilities[label]) +
                                           " on " + device + ", the manifest says " + std::to_string(stored) +
                                           "; the limit is " + std::to_string(kMaxCanaryDrift) + " apart");
    }
    return absl::OkStatus();
  }

  // Also warms the device up: kernels, memory, threads.
  absl::Status CheckCanaries() const {
    const v1::Manifest& manifest = checkpoint.manifest;
    for (int i = 0; i < manifest.canaries_size(); ++i) {
      RETURN_IF_ERROR(AddContext(CheckCanary(manifest.canaries(i)), "canary " + std::to_string(i)));
    }
    return manifest.canaries_size() > 0 ? absl::OkStatus() : ProbabilitiesOf("a text to warm up").status();
  }
};

absl::StatusOr<std::unique_ptr<Classifier>> Classifier::Load(const std::string& path,
                                                             const ClassifierOptions& options) {
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(options.device));
  ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(options.precision, AbilitiesOf(device)));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadCheckpoint(path));
  RETURN_IF_ERROR(CatchTorch([&] {
    checkpoint.model.To(device);
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const Engine engine, Engine::Build(checkpoint.model, precision));
  const Forward forward = [engine](const std::vector<const Encoding*>& batch) {
    return engine.Logits(PackBatch(batch, engine.device()));
  };
  auto impl =
      std::make_unique<Impl>(Impl{std::move(checkpoint), device.str(), precision, engine.kernels(), forward});
  RETURN_IF_ERROR(AddContext(impl->CheckCanaries(), path));
  return std::unique_ptr<Classifier>(new Classifier(std::move(impl)));
}

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::~Classifier() = default;

const TextEncoder& Classifier::encoder() const { return impl_->checkpoint.encoder; }
const v1::Manifest& Classifier::manifest() const { return impl_->checkpoint.manifest; }
const std::string& Classifier::device() const { return impl_->device; }
Precision Classifier::precision() const { return impl_->precision; }
const std::vector<KernelChoice>& Classifier::kernels() const { return impl_->kernels; }

absl::StatusOr<std::vector<std::vector<float>>> Classifier::Probabilities(
    const std::vector<const Encoding*>& batch) const {
  return Predict(impl_->forward, batch);
}

}  // namespace newsgenre
