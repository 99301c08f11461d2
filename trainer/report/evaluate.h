// Metrics of classification. Pure functions; safe to call from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/text/probabilities.h"

namespace newsgenre {

// The predictions whose confidence is in one of kCalibrationBins ranges of equal width. The confidence is the
// probability of the predicted label.
struct CalibrationBin {
  int64_t rows = 0;
  double confidence = 0;  // mean; 0 without rows
  double accuracy = 0;    // 0 … 1; 0 without rows
};

constexpr int kCalibrationBins = 15;

struct ClassificationMetrics {
  // Numbers of rows by [true label][predicted label].
  std::vector<std::vector<int64_t>> confusion;
  double loss = 0;  // mean of -ln(probability of the true label)
  // Bin i of n has the predictions with i / n < confidence <= (i + 1) / n.
  std::vector<CalibrationBin> bins;

  int64_t rows() const;
  int64_t correct() const;
  double accuracy() const;            // 0 … 1
  double precision(int label) const;  // of the rows predicted as `label`; 0 if there are none
  double recall(int label) const;     // of the rows whose true label is `label`; 0 if there are none
  double f1(int label) const;         // harmonic mean of precision and recall; 0 if both are 0
  double macro_f1() const;            // mean of f1 over the labels
  // Expected calibration error, Σ rows / all rows · |accuracy - confidence| over the bins (Guo et al. 2017,
  // arXiv:1706.04599, equation 3).
  double ece() const;
};

// Returns the metrics of at least one row. `labels` has the true label of each row. The predicted label is
// the first one with the highest probability. A probability of 0, which is an underflow, adds 87 to the sum
// of the losses instead of infinity.
ClassificationMetrics Evaluate(const ProbabilityRows& probabilities, const std::vector<int>& labels);

// Returns whether `a` has more correct rows than `b`, or the same number at a lower loss.
bool IsBetter(const ClassificationMetrics& a, const ClassificationMetrics& b);

// Returns the loss as the article's training loop computes it: the sum of the batches' mean losses, divided
// by the number of rows instead of batches. A batch is `batch_texts` consecutive rows; the last can be
// smaller.
double ArticleLoss(const ProbabilityRows& probabilities, const std::vector<int>& labels, int64_t batch_texts);

struct Mistake {
  int64_t row = 0;
  int label = 0;  // the true label
  int predicted = 0;
  double confidence = 0;  // probability of the predicted label
};

// Returns the `limit` wrong predictions of highest confidence, sorted by falling confidence, then by row.
std::vector<Mistake> MostConfidentMistakes(const ProbabilityRows& probabilities,
                                           const std::vector<int>& labels, int64_t limit);

}  // namespace newsgenre
