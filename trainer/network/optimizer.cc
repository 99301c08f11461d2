#include "trainer/network/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <optional>

namespace newsgenre {

Optimizer::Optimizer(const FlatParameters& parameters, const OptimizerConfig& config)
    : parameters_(parameters),
      config_(config),
      means_(at::zeros_like(parameters.values())),
      squares_(at::zeros_like(parameters.values())),
      step_(at::zeros({}, parameters.values().options())) {}

void Optimizer::set_steps(int64_t steps) { step_.fill_(static_cast<double>(steps)); }

void Optimizer::Step(double learning_rate, const at::Tensor& gradients) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  std::optional<at::Tensor> divisor;
  if (config_.clip_norm > 0) {
    divisor = at::linalg_vector_norm(gradients).div(config_.clip_norm).clamp_min(1);
  }
  const int64_t matrices = parameters_.matrix_count();
  StepPart(0, matrices, config_.weight_decay, learning_rate, gradients, divisor);
  StepPart(matrices, parameters_.count() - matrices, /*weight_decay=*/0, learning_rate, gradients, divisor);
}

void Optimizer::StepPart(int64_t start, int64_t count, double weight_decay, double learning_rate,
                         const at::Tensor& gradients, const std::optional<at::Tensor>& divisor) {
  const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, start, count); };
  at::_fused_adamw_({part(parameters_.values())}, {part(gradients)}, {part(means_)}, {part(squares_)},
                    /*max_exp_avg_sqs=*/{}, {step_}, learning_rate, config_.beta1, config_.beta2,
                    weight_decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false,
                    /*grad_scale=*/divisor);
}

}  // namespace newsgenre
