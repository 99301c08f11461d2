// Temperature scaling: probabilities that are as often right as they say (Guo et al. 2017, arXiv:1706.04599,
// section 4.2). Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/report/evaluate.h"

namespace newsgenre {

constexpr double kMinTemperature = 0.05;
constexpr double kMaxTemperature = 20;
// Wrong predictions that a fit takes at least: it is they that hold the temperature up, and without one the
// loss falls for ever as the temperature does.
constexpr int64_t kMinMistakes = 20;

// softmax(ln p / temperature) of each row, which is softmax(logits / temperature). A p below the smallest
// normal float counts as that.
ProbabilityRows ApplyTemperature(const ProbabilityRows& probabilities, double temperature);

// The temperature within the bounds above that makes the mean of -ln softmax(ln p / temperature)[label]
// smallest; it has one minimum, as that mean is convex in 1 / temperature. 1 with fewer than kMinMistakes
// wrong predictions.
double FitTemperature(const ProbabilityRows& probabilities, const std::vector<int>& labels);

}  // namespace newsgenre
