// The interface of a text classification model. server/classifier/classifier_model.h implements it with
// ALBERT; tests use fakes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

struct ModelInfo {
  std::string version;
  std::vector<std::string> labels;
  int max_tokens = 0;
  std::map<std::string, double> metrics;  // measured when the release was made
  std::string device;                     // such as "cpu" or "cuda:0"
  std::string precision;                  // such as "fp32"
  int workers = 1;                        // the number of threads that should run batches concurrently
};

// The limits of one batch. A text with more than `tokens` tokens runs alone.
struct BatchLimits {
  int64_t texts = 0;
  int64_t tokens = 0;
};

// Immutable; safe to use from any thread.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  // Returns the batch size above which throughput hardly grows.
  virtual BatchLimits batch_limits() const = 0;
  // Cleans and tokenizes `text`. Returns INVALID_ARGUMENT if no text is left after cleaning.
  virtual absl::StatusOr<Encoding> Encode(std::string_view text) const = 0;
  // Returns one row per text, with one probability per label in the order of info().labels, or INTERNAL.
  virtual absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const = 0;
};

}  // namespace newsgenre
