#include "trainer/run/step_records.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

namespace newsgenre {
namespace {

constexpr int64_t kExplosionSteps = 10;
constexpr double kExplosionFactor = 10;

}  // namespace

StepRecords::StepRecords(int64_t steps, c10::Device device)
    : records_(at::zeros({steps, 2}, at::TensorOptions(device).dtype(at::kFloat))),
      copy_(at::zeros({steps, 3}, at::kFloat)) {}

void StepRecords::Reset(int64_t step) {
  records_.select(0, step).zero_();
  copy_.select(0, step).zero_();
}

void StepRecords::Add(int64_t step, const BatchResult& result) {
  const at::Tensor record = records_.select(0, step);
  record.select(0, 0).add_(result.loss);
  record.select(0, 1).add_(result.correct);
  copy_.mutable_data_ptr<float>()[3 * step + 2] += static_cast<float>(result.count);
}

void StepRecords::Fetch(int64_t steps) {
  const int64_t count = steps - fetched_;
  copy_.narrow(0, fetched_, count).narrow(1, 0, 2).copy_(records_.narrow(0, fetched_, count));
  fetched_ = steps;
}

double StepRecords::MeanLoss(int64_t step) const {
  const float* const record = copy_.const_data_ptr<float>() + 3 * step;
  return record[0] / std::max<double>(record[2], 1);
}

StepSums StepRecords::Sum(int64_t from, int64_t to) const {
  const float* const values = copy_.const_data_ptr<float>();
  StepSums sums;
  for (int64_t step = from; step < to; ++step) {
    sums.loss += values[3 * step];
    sums.mean_loss += MeanLoss(step);
    sums.correct += std::lround(values[3 * step + 1]);
    sums.predictions += std::lround(values[3 * step + 2]);
  }
  return sums;
}

void StepRecords::Restore(const at::Tensor& copy) {
  fetched_ = copy.size(0);
  copy_.narrow(0, 0, fetched_).copy_(copy);
}

std::vector<StepPoint> LossCurve(const StepRecords& records, const LrSchedule& schedule) {
  constexpr int64_t kPoints = 400;
  const int64_t steps = records.fetched();
  const int64_t count = std::min(kPoints, steps);
  std::vector<StepPoint> points;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t from = i * steps / count, to = (i + 1) * steps / count;
    const double mean = records.Sum(from, to).mean_loss / static_cast<double>(to - from);
    points.push_back({to, schedule.LearningRate(to - 1), mean});
  }
  return points;
}

Divergence FindDivergence(const StepRecords& records, int64_t from, int classes) {
  const double limit = kExplosionFactor * std::log(std::max(classes, 2));
  for (int64_t step = from; step < records.fetched(); ++step) {
    const double loss = records.MeanLoss(step);
    std::ostringstream problem;
    if (!std::isfinite(loss)) {
      problem << "the loss is no longer a number";
    } else if (step + 1 >= kExplosionSteps) {
      const double mean = records.Sum(step + 1 - kExplosionSteps, step + 1).mean_loss / kExplosionSteps;
      if (mean <= limit) continue;
      problem << "the loss explodes: its mean over " << kExplosionSteps << " steps is " << mean
              << ", the limit is " << limit;
    } else {
      continue;
    }
    return {step, problem.str()};
  }
  return {};
}

}  // namespace newsgenre
