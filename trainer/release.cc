#include "trainer/release.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

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

// A hidden folder within another, removed with everything in it.
class StagingFolder {
 public:
  static absl::StatusOr<std::unique_ptr<StagingFolder>> Make(const std::string& parent) {
    std::string path = parent + "/.staging-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return absl::InternalError("can't make a folder in " + parent + ": " + std::strerror(errno));
    }
    return std::unique_ptr<StagingFolder>(new StagingFolder(path));
  }
  ~StagingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit StagingFolder(const std::string& path) : path_(path) {}
  const std::string path_;
};

absl::StatusOr<Metrics> Test(const Classifier& classifier, const TestRows& test) {
  constexpr BatchLimits kLimits = {4096, 64};
  ASSIGN_OR_RETURN(const Dataset data, EncodeRows(test.rows, classifier.encoder(), test.file, /*threads=*/1));
  return EvaluateDataset(data, kLimits, [&](const std::vector<const Encoding*>& texts) {
    return classifier.Probabilities(texts);
  });
}

}  // namespace

absl::StatusOr<Published> TestAndPublish(Checkpoint checkpoint, const std::string& model_dir,
                                         const std::string& device, const TestRows& test) {
  RETURN_IF_ERROR(RecordCanaries(CanaryTexts(), &checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<StagingFolder> staging, StagingFolder::Make(model_dir));
  RETURN_IF_ERROR(WriteCheckpoint(staging->path(), checkpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier, Classifier::Load(staging->path(), device));
  Published published;
  if (!test.rows.empty()) {
    ASSIGN_OR_RETURN(published.test, Test(*classifier, test));
    AddMetrics("test", *published.test, &checkpoint.manifest);
  }
  ASSIGN_OR_RETURN(published.folder, PublishCheckpoint(model_dir, checkpoint));
  return published;
}

void AddMetrics(const std::string& name, const Metrics& metrics, v1::Manifest* manifest) {
  (*manifest->mutable_metrics())[name + "_accuracy"] = metrics.accuracy();
  (*manifest->mutable_metrics())[name + "_loss"] = metrics.loss;
}

}  // namespace newsgenre
