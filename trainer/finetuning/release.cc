#include "trainer/finetuning/release.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/inference/canaries.h"
#include "common/inference/classifier.h"

namespace newsgenre {
namespace {

bool SameFiles(const v1::Manifest& a, const v1::Manifest& b) {
  if (a.files_size() != b.files_size()) return false;
  for (int i = 0; i < a.files_size(); ++i) {
    if (a.files(i).name() != b.files(i).name() || a.files(i).sha256() != b.files(i).sha256()) return false;
  }
  return true;
}

// Publishes the checkpoint unless an earlier process has done so. `staged` is a folder that holds the
// checkpoint.
absl::StatusOr<std::string> PublishOnce(const std::string& model_dir, const Checkpoint& checkpoint,
                                        const std::string& staged) {
  const std::string& version = checkpoint.manifest.version();
  const std::string release = model_dir + "/" + version;
  std::error_code error;
  if (!std::filesystem::exists(release, error)) return PublishCheckpoint(model_dir, checkpoint);
  ASSIGN_OR_RETURN(const Checkpoint published, LoadCheckpoint(release));
  ASSIGN_OR_RETURN(const Checkpoint current, LoadCheckpoint(staged));
  if (!SameFiles(published.manifest, current.manifest)) {
    return absl::AlreadyExistsError("release " + version + " exists in " + model_dir +
                                    " with other files than this one");
  }
  RETURN_IF_ERROR(SetCurrent(model_dir, version));
  return release;
}

}  // namespace

absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const LabelledRows& test,
                                         const RunControl& control) {
  RETURN_IF_ERROR(RecordCanaries(CanaryTexts(), &checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> staging,
                   TemporaryFolder::Make(model_dir + "/.staging-"));
  RETURN_IF_ERROR(WriteCheckpoint(staging->path(), checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier,
                   Classifier::Load(staging->path(), {device, "fp32"}));
  Published published;
  if (!test.rows.empty()) {
    ASSIGN_OR_RETURN(published.test, ClassifyRows(*classifier, test, control));
    AddMetrics("test", Evaluate(published.test->probabilities, published.test->data.labels),
               &checkpoint.manifest);
  }
  RETURN_IF_ERROR(CheckStop(control.stop));
  ASSIGN_OR_RETURN(published.folder, PublishOnce(model_dir, checkpoint, staging->path()));
  return published;
}

void FoldTemperature(double temperature, Checkpoint* checkpoint) {
  const Affine& classifier = checkpoint->model.weights().classifier;
  classifier.weight.div_(temperature);
  classifier.bias.div_(temperature);
  checkpoint->manifest.set_temperature(temperature);
}

void AddMetrics(const std::string& name, const ClassificationMetrics& metrics, v1::Manifest* manifest) {
  (*manifest->mutable_metrics())[name + "_accuracy"] = metrics.accuracy();
  (*manifest->mutable_metrics())[name + "_loss"] = metrics.loss;
  (*manifest->mutable_metrics())[name + "_ece"] = metrics.ece();
}

}  // namespace newsgenre
