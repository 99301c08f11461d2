// The deviation of one execution path from another: the difference of their probabilities on some texts. This
// header does not include torch.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

using Predictor = std::function<absl::StatusOr<ProbabilityRows>(const std::vector<const Encoding*>&)>;

// Returns the largest deviation from the plain fp32 path that rounding explains in this precision; a larger
// one means that a kernel is wrong. fp32 differs by the order of additions. bf16 and fp16 have 8 and 11 bits
// of mantissa in every layer. int8 has 8 bits for each factor of a product. The label changes only if its
// probability exceeds another's by less than twice this.
double Tolerance(Precision precision);

// Returns built-in news texts: one word, a sentence, a few sentences, and three times the length of an
// average AG News article.
const std::vector<std::string>& ProbeTexts();

// Returns the probabilities of each text, each in a batch of its own, or `predict`'s error.
absl::StatusOr<ProbabilityRows> PredictAlone(const Predictor& predict, const std::vector<Encoding>& texts);

// Returns the rows of PredictAlone, followed by those of one batch of all texts: two rows per text.
absl::StatusOr<ProbabilityRows> PredictAloneAndTogether(const Predictor& predict,
                                                        const std::vector<Encoding>& texts);

// Returns the largest difference between two probabilities. `rows` can repeat the texts of `expected` several
// times, one round after the other. Returns infinity if a value is not a number or two rows differ in size.
double LargestDeviation(const ProbabilityRows& rows, const ProbabilityRows& expected);

}  // namespace newsgenre
