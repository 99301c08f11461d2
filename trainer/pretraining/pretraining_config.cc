#include "trainer/pretraining/pretraining_config.h"

#include "common/base/status_macros.h"

namespace newsgenre {

absl::Status PretrainingConfig::Validate() const {
  if (text.empty() && data.train.empty()) {
    return absl::InvalidArgumentError("--text or --train is required");
  }
  for (const std::string& file : text) {
    if (file.empty()) return absl::InvalidArgumentError("--text has an empty name between its commas");
  }
  RETURN_IF_ERROR(data.Validate());
  RETURN_IF_ERROR(model.Validate(2 * kMinPieceTokens));
  RETURN_IF_ERROR(optimizer.Validate());
  return run.Validate();
}

}  // namespace newsgenre
