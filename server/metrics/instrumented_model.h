// A model whose work is counted and timed.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "server/models/model.h"

namespace newsgenre {

// Any thread, as any model.
class InstrumentedModel : public Model {
 public:
  // All of them outlive this.
  struct Series {
    std::vector<prometheus::Counter*> predictions;  // one a label, in the model's order
    prometheus::Histogram* encode_seconds;          // of each text
    prometheus::Histogram* forward_seconds;         // of each batch
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
