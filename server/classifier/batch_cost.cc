#include "server/classifier/batch_cost.h"

#include <algorithm>
#include <cmath>

namespace newsgenre {
namespace {

constexpr double kMinRelativeThroughput = 0.97;
constexpr int64_t kMinTexts = 8;
// The shortest average text, in tokens, with which a batch reaches its token limit. A batch of shorter texts
// reaches its text limit first, because each text also has a cost that does not depend on its length.
constexpr int64_t kShortTextTokens = 16;

}  // namespace

BatchLimits ChooseBatchLimits(const std::vector<BatchCost>& curve) {
  std::vector<BatchCost> quick = {curve.front()};
  for (size_t i = 1; i < curve.size() && curve[i].seconds <= kMaxBatchSeconds; ++i) quick.push_back(curve[i]);

  double best = 0;
  for (const BatchCost& cost : quick) best = std::max(best, cost.tokens_per_second());
  auto chosen = std::find_if(quick.begin(), quick.end(), [&](const BatchCost& cost) {
    return cost.tokens_per_second() >= kMinRelativeThroughput * best;
  });
  while (chosen->texts < kMinTexts && chosen + 1 != quick.end()) ++chosen;
  return {std::max(chosen->texts, chosen->tokens / kShortTextTokens), chosen->tokens};
}

int ChooseWorkers(int cpus, int threads, double seconds_per_text) {
  const double model_cpu_seconds = seconds_per_text * threads;
  const double workers = cpus * model_cpu_seconds / (model_cpu_seconds + kCallSeconds) / threads;
  return static_cast<int>(std::clamp<int64_t>(std::lround(workers), 1, std::max(1, cpus / threads)));
}

}  // namespace newsgenre
