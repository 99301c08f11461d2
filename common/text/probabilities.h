// What a model answers.
#pragma once

#include <vector>

namespace newsgenre {

// The probabilities of one text: one a label, in the model's label order.
using Probabilities = std::vector<float>;

// The probabilities of several texts, in the texts' order.
using ProbabilityRows = std::vector<Probabilities>;

}  // namespace newsgenre
