// A model as the server sees it. The one that runs ALBERT is server/classifier/classifier_model.h; tests
// bring fakes.
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
  std::map<std::string, double> metrics;
  std::string device;     // "cpu", "cuda:0"
  std::string precision;  // "fp32"
  int workers = 1;        // batches that are worth running at once, each on a thread of its own
};

// What one batch may hold. A text above `tokens` still runs: alone.
struct BatchLimits {
  int64_t texts = 0;
  int64_t tokens = 0;
};

// Immutable: any thread.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  // How far a batch is worth growing: beyond, it takes longer and gains next to no throughput.
  virtual BatchLimits batch_limits() const = 0;
  // Cleans and encodes. INVALID_ARGUMENT where no text is left.
  virtual absl::StatusOr<Encoding> Encode(std::string_view text) const = 0;
  // For each text one probability a label, in info().labels' order. INTERNAL where it fails.
  virtual absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const = 0;
};

}  // namespace newsgenre
