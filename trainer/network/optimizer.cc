#include "trainer/network/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/hypot.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <optional>
#include <utility>

namespace newsgenre {

Optimizer::Optimizer(const FlatParameters& parameters, const AdamWConfig& config)
    : parameters_(parameters),
      config_(config),
      means_(at::zeros_like(parameters.values())),
      squares_(at::zeros_like(parameters.values())),
      step_(at::zeros({}, parameters.values().options())) {}

void Optimizer::set_steps(int64_t steps) { step_.fill_(static_cast<double>(steps)); }

void Optimizer::Step(double learning_rate, const at::Tensor& gradients, const at::Tensor& word_rows) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  Part word_part;
  if (word_rows.defined()) {
    const auto rows = [&](const at::Tensor& flat) {
      return parameters_.WordEmbeddings(flat).index_select(0, word_rows);
    };
    word_part = {rows(parameters_.values()), rows(gradients), rows(means_), rows(squares_)};
  }
  std::optional<at::Tensor> divisor;
  if (config_.clip_norm > 0) {
    // On a GPU the rows can have duplicates, which would count more than once.
    const bool norm_from_rows = word_rows.defined() && word_rows.is_cpu();
    const at::Tensor norm = norm_from_rows
                                ? at::hypot(at::linalg_vector_norm(parameters_.OtherParameters(gradients)),
                                            at::linalg_vector_norm(word_part.gradients))
                                : at::linalg_vector_norm(gradients);
    divisor = norm.div(config_.clip_norm).clamp_min(1);
  }

  int64_t start = 0;
  if (word_rows.defined()) {
    StepPart(word_part, config_.weight_decay, learning_rate, divisor);
    for (const auto& [flat, rows] :
         {std::pair(parameters_.values(), word_part.values), std::pair(means_, word_part.means),
          std::pair(squares_, word_part.squares)}) {
      parameters_.WordEmbeddings(flat).index_copy_(0, word_rows, rows);
    }
    start = parameters_.WordEmbeddings(gradients).numel();
  }
  const int64_t matrices = parameters_.matrix_count();
  StepPart(Slice(gradients, start, matrices), config_.weight_decay, learning_rate, divisor);
  StepPart(Slice(gradients, matrices, parameters_.count()), /*weight_decay=*/0, learning_rate, divisor);
}

Optimizer::Part Optimizer::Slice(const at::Tensor& gradients, int64_t start, int64_t end) const {
  return {parameters_.values().slice(0, start, end), gradients.slice(0, start, end),
          means_.slice(0, start, end), squares_.slice(0, start, end)};
}

void Optimizer::StepPart(const Part& part, double weight_decay, double learning_rate,
                         const std::optional<at::Tensor>& divisor) const {
  at::_fused_adamw_({part.values}, {part.gradients}, {part.means}, {part.squares},
                    /*max_exp_avg_sqs=*/{}, {step_}, learning_rate, config_.beta1, config_.beta2,
                    weight_decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false,
                    /*grad_scale=*/divisor);
}

}  // namespace newsgenre
