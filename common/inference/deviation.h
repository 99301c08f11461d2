// How far one way through the network is from another: in probabilities, on texts. This header shows no
// torch.
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

// What a way through the network in this precision may differ by from the plain one in fp32; more means that
// a kernel is wrong. fp32: another order of additions. bf16 and fp16: 8 and 11 bits of mantissa at every
// layer. int8: 8 bits for each factor of a product. A label changes only where two are closer than that.
double Tolerance(Precision precision);

// News of our own: one word, a sentence, a few, and as much as three times an average article of AG News.
const std::vector<std::string>& ProbeTexts();

// What `predict` says of each text alone and, with `together`, then of all of them in one batch: one or two
// rows a text.
absl::StatusOr<ProbabilityRows> AnswersOf(const Predictor& predict, const std::vector<Encoding>& texts,
                                          bool together);

// The largest difference of a probability. `answers` may be `expected` several times over, one after the
// other. Infinity where one is not a number or a row has another size.
double LargestDeviation(const ProbabilityRows& answers, const ProbabilityRows& expected);

}  // namespace newsgenre
