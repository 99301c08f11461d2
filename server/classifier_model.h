// ALBERT, as the server sees a model.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/model/classifier.h"
#include "server/config.h"
#include "server/models/model.h"

namespace newsgenre {

// Loads config.model_dir onto config.device, and measures how large a batch is worth growing.
// Classifier::Load's errors.
absl::StatusOr<std::shared_ptr<const Model>> LoadClassifierModel(const ServerConfig& config);

}  // namespace newsgenre
