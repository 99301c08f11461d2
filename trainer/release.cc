#include "trainer/release.h"

#include <memory>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/model/classifier.h"
#include "common/model/predict.h"

namespace newsgenre {
namespace {

// Texts for the release's self-check, a genre each and two that are none's; written for this purpose.
const std::vector<std::string>& CanaryTexts() {
  static const auto* const texts = new std::vector<std::string>{
      "Border talks resume after a week of shelling. Envoys of both governments met in the capital on "
      "Monday.",
      "Late goal lifts Rovers into the final. The captain headed in a corner with two minutes left to play.",
      "Retailer cuts its forecast as costs rise. Shares fell seven percent in early trading.",
      "New chip doubles the battery life of phones. Researchers showed the prototype at a conference.",
      "Lorem ipsum, 1234567890 & so on: \"quotes\", (brackets) - and nothing else!",
      "Yes",
  };
  return *texts;
}

absl::StatusOr<Metrics> Test(const Classifier& classifier, const TestRows& test,
                             const std::atomic<bool>& stop) {
  constexpr BatchBudget kBudget = {4096, 64};
  ASSIGN_OR_RETURN(const Dataset data,
                   EncodeRows(test.rows, classifier.encoder(), test.file, /*threads=*/1, stop));
  return EvaluateDataset(
      data, kBudget,
      [&](const std::vector<const Encoding*>& texts) { return classifier.Probabilities(texts); }, stop);
}

}  // namespace

absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const TestRows& test,
                                         const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(RecordCanaries(CanaryTexts(), &checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> staging,
                   TemporaryFolder::Make(model_dir + "/.staging-"));
  RETURN_IF_ERROR(WriteCheckpoint(staging->path(), checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier,
                   Classifier::Load(staging->path(), {device, "fp32"}));
  Published published;
  if (!test.rows.empty()) {
    const absl::StatusOr<Metrics> metrics = Test(*classifier, test, stop);
    if (!metrics.ok() && !absl::IsCancelled(metrics.status())) return metrics.status();
    if (metrics.ok()) {
      AddMetrics("test", *metrics, &checkpoint.manifest);
      published.test = *metrics;
    }
  }
  ASSIGN_OR_RETURN(published.folder, PublishCheckpoint(model_dir, checkpoint));
  return published;
}

void AddMetrics(const std::string& name, const Metrics& metrics, v1::Manifest* manifest) {
  (*manifest->mutable_metrics())[name + "_accuracy"] = metrics.accuracy();
  (*manifest->mutable_metrics())[name + "_loss"] = metrics.loss;
}

}  // namespace newsgenre
