// Temperature scaling, which matches confidence to accuracy (Guo et al. 2017, arXiv:1706.04599, section 4.2).
// Pure functions; safe to call from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/report/evaluate.h"

namespace newsgenre {

constexpr double kMinTemperature = 0.05;
constexpr double kMaxTemperature = 20;
// The minimum number of wrong predictions for a fit. Wrong predictions bound the temperature from below:
// without any, the loss keeps falling as the temperature falls.
constexpr int64_t kMinMistakes = 20;

// Returns softmax(ln p / temperature) of each row, which equals softmax(logits / temperature). A p below the
// smallest normal float counts as that float.
ProbabilityRows ApplyTemperature(const ProbabilityRows& probabilities, double temperature);

// Returns the temperature from kMinTemperature to kMaxTemperature with the lowest mean of
// -ln softmax(ln p / temperature)[label]. The mean has a single minimum, because it is convex in
// 1 / temperature. Returns 1 if there are fewer than kMinMistakes wrong predictions.
double FitTemperature(const ProbabilityRows& probabilities, const std::vector<int>& labels);

}  // namespace newsgenre
