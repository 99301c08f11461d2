// How good predictions are. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace newsgenre
