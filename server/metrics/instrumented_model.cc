#include "server/metrics/instrumented_model.h"

#include <algorithm>
#include <chrono>

namespace newsgenre {
namespace {

// Observes its own lifetime, in seconds.
class Timer {
 public:
  explicit Timer(prometheus::Histogram* seconds) : seconds_(seconds) {}
  ~Timer() { seconds_->Observe(std::chrono::duration<double>(Clock::now() - start_).count()); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  prometheus::Histogram* const seconds_;
  const Clock::time_point start_ = Clock::now();
};

}  // namespace

absl::StatusOr<Encoding> InstrumentedModel::Encode(std::string_view text) const {
  const Timer timer(series_.encode_seconds);
  return model_->Encode(text);
}

absl::StatusOr<ProbabilityRows> InstrumentedModel::Predict(const std::vector<const Encoding*>& batch) const {
  absl::StatusOr<ProbabilityRows> rows = [&] {
    const Timer timer(series_.forward_seconds);
    return model_->Predict(batch);
  }();
  if (!rows.ok()) return rows;
  for (const Probabilities& row : *rows) {
    series_.predictions[std::max_element(row.begin(), row.end()) - row.begin()]->Increment();
  }
  return rows;
}

}  // namespace newsgenre
