// The output of a classifier.
#pragma once

#include <vector>

namespace newsgenre {

// The probabilities of one text, one per label, in the model's label order.
using Probabilities = std::vector<float>;

// The probabilities of several texts, in the order of the texts.
using ProbabilityRows = std::vector<Probabilities>;

}  // namespace newsgenre
