// A wrapper that counts and times a model's work.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "server/models/model.h"

namespace newsgenre {

// Immutable; safe to use from any thread.
class InstrumentedModel : public Model {
 public:
  // The series must outlive this object.
  struct Series {
    std::vector<prometheus::Counter*> predictions;  // one per label, in the model's label order
    prometheus::Histogram* encode_seconds;          // per text
    prometheus::Histogram* forward_seconds;         // per batch
  };

  InstrumentedModel(std::shared_ptr<const Model> model, Series series)
      : model_(std::move(model)), series_(std::move(series)) {}

  const ModelInfo& info() const override { return model_->info(); }
  BatchLimits batch_limits() const override { return model_->batch_limits(); }
  absl::StatusOr<Encoding> Encode(std::string_view text) const override;
  absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const override;

 private:
  const std::shared_ptr<const Model> model_;
  const Series series_;
};

}  // namespace newsgenre
