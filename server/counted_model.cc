#include "server/counted_model.h"

#include <algorithm>

namespace newsgenre {

absl::StatusOr<std::vector<std::vector<float>>> CountedModel::Predict(
    const std::vector<const Encoding*>& batch) const {
  absl::StatusOr<std::vector<std::vector<float>>> rows = model_->Predict(batch);
  if (!rows.ok()) return rows;
  for (const std::vector<float>& row : *rows) {
    predictions_[std::max_element(row.begin(), row.end()) - row.begin()]->Increment();
  }
  return rows;
}

}  // namespace newsgenre
