// A model whose predictions are counted.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "prometheus/counter.h"
#include "server/models/model.h"

namespace newsgenre {

// Any thread, as any model.
class CountedModel : public Model {
 public:
  // One counter a label, in `model`'s order; they outlive this.
  CountedModel(std::shared_ptr<const Model> model, std::vector<prometheus::Counter*> predictions)
      : model_(std::move(model)), predictions_(std::move(predictions)) {}

  const ModelInfo& info() const override { return model_->info(); }
  absl::StatusOr<Encoding> Encode(std::string_view text) const override { return model_->Encode(text); }
  absl::StatusOr<std::vector<std::vector<float>>> Predict(
      const std::vector<const Encoding*>& batch) const override;

 private:
  const std::shared_ptr<const Model> model_;
  const std::vector<prometheus::Counter*> predictions_;
};

}  // namespace newsgenre
