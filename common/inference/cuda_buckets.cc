#include "common/inference/cuda_buckets.h"

#include <algorithm>

namespace newsgenre {
namespace {

constexpr int64_t kSmallestStep = 32;
constexpr int64_t kStepsPerDoubling = 8;
constexpr int64_t kRowsPerText = 8;

}  // namespace

std::vector<BatchShape> GraphBuckets(int64_t max_rows) {
  std::vector<BatchShape> buckets;
  int64_t step = kSmallestStep;
  for (int64_t rows = step; rows <= max_rows; rows += step) {
    buckets.push_back({rows, rows / kRowsPerText});
    if (rows == 2 * kStepsPerDoubling * step) step *= 2;
  }
  return buckets;
}

std::optional<size_t> SmallestBucket(const std::vector<BatchShape>& buckets, const BatchShape& batch) {
  const auto found = std::find_if(buckets.begin(), buckets.end(), [&](const BatchShape& bucket) {
    return bucket.rows >= batch.rows && bucket.texts >= batch.texts;
  });
  if (found == buckets.end()) return std::nullopt;
  return found - buckets.begin();
}

}  // namespace newsgenre
