#include "common/inference/deviation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/status_macros.h"

namespace newsgenre {

double Tolerance(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return 1e-3;
    case Precision::kBf16:
    case Precision::kFp16:
      return 0.05;
    case Precision::kInt8:
      return 0.1;
  }
  return 0;
}

const std::vector<std::string>& ProbeTexts() {
  static const auto* const texts = new std::vector<std::string>{
      "Rain",
      "Shares in the shipyard fell by a tenth after two orders were withdrawn.",
      "Keeper saves three penalties. The village side goes through to the last sixteen, where it meets the "
      "holders; tickets are gone.",
      "Ministers of nine countries signed a treaty on river traffic on Tuesday, after a night of talks that "
      "the host called the hardest of his career. It takes effect in March, when the ice is out of the upper "
      "valleys, and lets barges of any flag load in any port. Shipowners, who had asked for it for thirty "
      "years, said that freight would cost a fifth less; railway unions warned of closures. Engineers still "
      "have to deepen two bends, and a sensor in every lock, thinner than a hair, will tell the traffic "
      "office how much water is left. The first convoy, forty barges of grain, is to sail on the day after "
      "the "
      "treaty's text is lodged with the court, whose judges also settle what the signatories quarrel over.",
  };
  return *texts;
}

absl::StatusOr<ProbabilityRows> PredictAlone(const Predictor& predict, const std::vector<Encoding>& texts) {
  ProbabilityRows probabilities;
  for (const Encoding& text : texts) {
    ASSIGN_OR_RETURN(ProbabilityRows rows, predict({&text}));
    probabilities.push_back(std::move(rows[0]));
  }
  return probabilities;
}

absl::StatusOr<ProbabilityRows> PredictAloneAndTogether(const Predictor& predict,
                                                        const std::vector<Encoding>& texts) {
  if (texts.empty()) return ProbabilityRows();
  ASSIGN_OR_RETURN(ProbabilityRows probabilities, PredictAlone(predict, texts));
  std::vector<const Encoding*> batch;
  for (const Encoding& text : texts) batch.push_back(&text);
  ASSIGN_OR_RETURN(ProbabilityRows rows, predict(batch));
  std::move(rows.begin(), rows.end(), std::back_inserter(probabilities));
  return probabilities;
}

double LargestDeviation(const ProbabilityRows& rows, const ProbabilityRows& expected) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Probabilities& row = rows[i];
    const Probabilities& expected_row = expected[i % expected.size()];
    if (row.size() != expected_row.size()) return kInfinity;
    for (size_t label = 0; label < row.size(); ++label) {
      const double deviation = std::abs(row[label] - expected_row[label]);
      if (!std::isfinite(deviation)) return kInfinity;
      largest = std::max(largest, deviation);
    }
  }
  return largest;
}

}  // namespace newsgenre
