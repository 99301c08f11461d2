#include "server/classifier/batch_cost.h"

#include <algorithm>
#include <cmath>

namespace newsgenre {
namespace {

constexpr double kWorthwhile = 0.97;
constexpr int64_t kTextsThatGoTogether = 8;
// Of so few tokens a text may be and still fill a batch by tokens: a text costs something beside its tokens.
constexpr int64_t kShortText = 16;

}  // namespace

BatchLimits LimitsFromCost(const std::vector<BatchCost>& curve) {
  std::vector<BatchCost> quick = {curve.front()};
  for (size_t i = 1; i < curve.size() && curve[i].seconds <= kMaxBatchSeconds; ++i) quick.push_back(curve[i]);

  double best = 0;
  for (const BatchCost& cost : quick) best = std::max(best, cost.tokens_per_second());
  auto chosen = std::find_if(quick.begin(), quick.end(), [&](const BatchCost& cost) {
    return cost.tokens_per_second() >= kWorthwhile * best;
  });
  while (chosen->texts < kTextsThatGoTogether && chosen + 1 != quick.end()) ++chosen;
  return {std::max(chosen->texts, chosen->tokens / kShortText), chosen->tokens};
}

int WorkersFor(int cpus, int threads, double seconds_a_text) {
  const double models_cpu = seconds_a_text * threads;
  const double workers = cpus * models_cpu / (models_cpu + kCallSeconds) / threads;
  return static_cast<int>(std::clamp<int64_t>(std::lround(workers), 1, std::max(1, cpus / threads)));
}

}  // namespace newsgenre
