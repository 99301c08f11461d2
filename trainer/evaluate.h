// How good predictions are.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "trainer/dataset.h"
#include "trainer/epoch_plan.h"

namespace newsgenre {

struct Metrics {
  // Rows by [right label][predicted label].
  std::vector<std::vector<int64_t>> confusion;
  double loss = 0;  // the mean of -ln(probability of the right label)

  int64_t rows() const;
  int64_t correct() const;
  double accuracy() const;            // 0 … 1
  double precision(int label) const;  // of the rows predicted as `label`; 0 where there are none
  double recall(int label) const;     // of the rows that are `label`; 0 where there are none
};

// `probabilities`: for each row one a label (at least one row); the highest is the prediction, the first of
// equal ones. `labels`: the right one of each row.
Metrics Evaluate(const std::vector<std::vector<float>>& probabilities, const std::vector<int>& labels);

// For each text one probability a label.
using Predictor =
    std::function<absl::StatusOr<std::vector<std::vector<float>>>(const std::vector<const Encoding*>&)>;

// What `predict` makes of `data` (at least one text), in batches within `budget`. Its errors are passed on;
// CANCELLED once `stop` is true.
absl::StatusOr<Metrics> EvaluateDataset(const Dataset& data, const BatchBudget& budget,
                                        const Predictor& predict, const std::atomic<bool>& stop);

}  // namespace newsgenre
