#include "trainer/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace newsgenre {

Optimizer::Optimizer(const TensorMap& parameters, const OptimizerConfig& config) : config_(config) {
  step_ = at::zeros({}, parameters.begin()->second.options().requires_grad(false));
  groups_[0].weight_decay = config.weight_decay;
  groups_[1].weight_decay = 0;
  for (const auto& [name, parameter] : parameters) {
    Group& group = groups_[parameter.dim() > 1 ? 0 : 1];
    group.parameters.push_back(parameter);
    group.means.push_back(at::zeros_like(parameter.detach()));
    group.squares.push_back(at::zeros_like(parameter.detach()));
    group.steps.push_back(step_);
  }
}

void Optimizer::ClipGradients(const std::vector<at::Tensor>& gradients) const {
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
  at::_foreach_mul_(gradients, norm.reciprocal().mul(config_.clip_norm).clamp_max(1));
}

void Optimizer::Step(double learning_rate) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  std::vector<at::Tensor> all, gradients[2];
  for (int g = 0; g < 2; ++g) {
    for (const at::Tensor& parameter : groups_[g].parameters) {
      gradients[g].push_back(parameter.grad());
      parameter.mutable_grad().reset();
    }
    all.insert(all.end(), gradients[g].begin(), gradients[g].end());
  }
  ClipGradients(all);
  for (int g = 0; g < 2; ++g) {
    const Group& group = groups_[g];
    at::_fused_adamw_(group.parameters, gradients[g], group.means, group.squares, /*max_exp_avg_sqs=*/{},
                      group.steps, learning_rate, config_.beta1, config_.beta2, group.weight_decay,
                      config_.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  }
}

}  // namespace newsgenre
