#include "common/inference/predict.h"

#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdint>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

absl::StatusOr<ProbabilityRows> Softmax(const std::function<at::Tensor()>& logits) {
  ProbabilityRows probabilities;
  RETURN_IF_ERROR(CatchTorch([&]() -> absl::Status {
    const c10::InferenceMode inference;
    const at::Tensor rows = at::softmax(logits(), /*dim=*/1, at::kFloat).to(at::kCPU).contiguous();
    const float* row = rows.data_ptr<float>();
    for (int64_t text = 0; text < rows.size(0); ++text, row += rows.size(1)) {
      if (!std::isfinite(row[0])) {
        return absl::InternalError("text " + std::to_string(text) +
                                   " of the batch has probabilities that are not numbers");
      }
      probabilities.emplace_back(row, row + rows.size(1));
    }
    return absl::OkStatus();
  }));
  return probabilities;
}

absl::StatusOr<ProbabilityRows> Predict(const Forward& forward, const std::vector<const Encoding*>& batch) {
  return Softmax([&] { return forward.Logits(batch); });
}

at::Tensor PlainForward::Logits(const std::vector<const Encoding*>& batch) const {
  return model_.Logits(PackBatch(batch, model_.device()));
}

absl::StatusOr<ProbabilityRows> Predict(const Albert& model, const std::vector<const Encoding*>& batch) {
  return Predict(PlainForward(model), batch);
}

}  // namespace newsgenre
