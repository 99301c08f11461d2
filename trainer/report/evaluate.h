// How good predictions are. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/text/probabilities.h"

namespace newsgenre {

// For each row one probability a label.

// Predictions whose probability lies in one of kCalibrationBins ranges of equal width.
struct CalibrationBin {
  int64_t rows = 0;
  double confidence = 0;  // their mean probability
  double accuracy = 0;    // 0 … 1; both are 0 without rows
};

constexpr int kCalibrationBins = 15;

struct ClassificationMetrics {
  // Rows by [right label][predicted label].
  std::vector<std::vector<int64_t>> confusion;
  double loss = 0;  // the mean of -ln(probability of the right label)
  // Bin i of n has the predictions with i / n < probability <= (i + 1) / n.
  std::vector<CalibrationBin> bins;

  int64_t rows() const;
  int64_t correct() const;
  double accuracy() const;            // 0 … 1
  double precision(int label) const;  // of the rows predicted as `label`; 0 where there are none
  double recall(int label) const;     // of the rows that are `label`; 0 where there are none
  double f1(int label) const;         // harmonic mean of the two; 0 where both are
  double macro_f1() const;            // mean over the labels
  // Expected calibration error, Σ rows / all rows · |accuracy - confidence| over the bins (Guo et al. 2017,
  // arXiv:1706.04599, equation 3).
  double ece() const;
};

// The highest probability's label is the prediction, the first of equal ones. `labels`: the right one of each
// row (at least one row). A probability that underflowed to 0 costs 87, not infinity.
ClassificationMetrics Evaluate(const ProbabilityRows& probabilities, const std::vector<int>& labels);

// Whether `a` has more correct rows than `b`, or as many at a lower loss.
bool IsBetter(const ClassificationMetrics& a, const ClassificationMetrics& b);

// The loss as the article's loop counts it: the sum over batches (`batch_texts` rows each in the rows' order,
// the last one fewer) of their mean losses, divided by the number of rows, not of batches.
double ArticleLoss(const ProbabilityRows& probabilities, const std::vector<int>& labels, int64_t batch_texts);

struct Mistake {
  int64_t row = 0;
  int label = 0;  // the right one
  int predicted = 0;
  double confidence = 0;  // the prediction's probability
};

// The wrong predictions of highest confidence, at most `most`, in falling order; of equal ones in the rows'.
std::vector<Mistake> MostConfidentMistakes(const ProbabilityRows& probabilities,
                                           const std::vector<int>& labels, int64_t most);

}  // namespace newsgenre
