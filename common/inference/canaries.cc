#include "common/inference/canaries.h"

#include "common/base/status_macros.h"
#include "common/inference/predict.h"

namespace newsgenre {

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

absl::Status RecordCanaries(const std::vector<std::string>& texts, Checkpoint* checkpoint) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const absl::StatusOr<Encoding> encoding = checkpoint->encoder.Encode(texts[i]);
    if (!encoding.ok()) return AddContext(encoding.status(), "canary " + std::to_string(i));
    ASSIGN_OR_RETURN(const auto probabilities, Predict(checkpoint->model, {&*encoding}));
    v1::Canary* canary = checkpoint->manifest.add_canaries();
    canary->set_text(texts[i]);
    canary->mutable_probabilities()->Add(probabilities[0].begin(), probabilities[0].end());
  }
  return absl::OkStatus();
}

}  // namespace newsgenre
