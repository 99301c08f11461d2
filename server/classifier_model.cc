#include "server/classifier_model.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/model/cpu_threads.h"

namespace newsgenre {
namespace {

ModelInfo InfoOf(const Classifier& classifier) {
  const v1::Manifest& manifest = classifier.manifest();
  ModelInfo info;
  info.version = manifest.version();
  info.labels = {manifest.labels().begin(), manifest.labels().end()};
  info.max_tokens = classifier.encoder().max_tokens();
  info.metrics = {manifest.metrics().begin(), manifest.metrics().end()};
  info.device = classifier.device();
  info.precision = std::string(PrecisionName(classifier.precision()));
  return info;
}

class ClassifierModel : public Model {
 public:
  explicit ClassifierModel(std::unique_ptr<Classifier> classifier)
      : classifier_(std::move(classifier)), info_(InfoOf(*classifier_)) {}

  const ModelInfo& info() const override { return info_; }
  BatchLimits batch_limits() const override { return {32, 4096}; }
  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    return classifier_->encoder().Encode(text);
  }
  absl::StatusOr<std::vector<std::vector<float>>> Predict(
      const std::vector<const Encoding*>& batch) const override {
    auto rows = classifier_->Probabilities(batch);
    // To a caller RESOURCE_EXHAUSTED means a full queue; a device without memory is for the operator.
    if (absl::IsResourceExhausted(rows.status())) return absl::InternalError(rows.status().message());
    return rows;
  }

 private:
  const std::unique_ptr<Classifier> classifier_;
  const ModelInfo info_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Model>> LoadClassifierModel(const ServerConfig& config) {
  SetCpuThreads(config.threads_per_worker > 0 ? config.threads_per_worker
                                              : std::max(1, AvailableCpus() / config.workers));
  ASSIGN_OR_RETURN(std::unique_ptr<Classifier> classifier,
                   Classifier::Load(config.model_dir, {config.device, config.precision, config.workers}));
  return std::make_shared<const ClassifierModel>(std::move(classifier));
}

}  // namespace newsgenre
