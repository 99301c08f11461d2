#include "trainer/network/masked_lm_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace newsgenre {
namespace {

// On a CPU, logits are processed in blocks of about this size, which stay in its cache across operators.
constexpr int64_t kLogitsPerBlock = int64_t{1} << 20;

// Evaluates `logits`, [rows, pieces]. If `weight` is not null, replaces them by the gradient of
// *weight · (sum of the losses).
BatchResult EvaluateLogits(const at::Tensor& logits, const at::Tensor& labels, const double* weight) {
  BatchResult result;
  result.loss = at::zeros({}, logits.options().dtype(at::kFloat));
  result.correct = at::zeros({}, labels.options());
  const int64_t rows = logits.size(0);
  const int64_t step = logits.is_cpu() ? std::max<int64_t>(kLogitsPerBlock / logits.size(1), 1) : rows;
  for (int64_t start = 0; start < rows; start += step) {
    const at::Tensor block = logits.slice(0, start, start + step);
    const at::Tensor block_labels = labels.slice(0, start, start + step);
    const at::Tensor is_counted = block_labels.ne(kNoLabel).unsqueeze(1);
    const at::Tensor targets = block_labels.clamp_min(0).unsqueeze(1);
    at::Tensor log_probabilities = at::log_softmax(block, 1, at::kFloat);
    const at::Tensor label_log_probabilities = log_probabilities.gather(1, targets);
    result.loss.sub_(label_log_probabilities.mul(is_counted).sum());
    result.correct.add_(
        log_probabilities.argmax(1, /*keepdim=*/true).eq(targets).logical_and_(is_counted).sum());
    if (weight == nullptr) continue;
    const at::Tensor scale = is_counted.to(at::kFloat).mul_(*weight);
    block.copy_(log_probabilities.exp_()
                    .scatter_add_(1, targets, at::full_like(label_log_probabilities, -1))
                    .mul_(scale));
  }
  return result;
}

}  // namespace

MaskedLmHead::MaskedLmHead(const AlbertConfig& config, const HeadWeights& weights, ProductLibrary library)
    : config_(config),
      norm_(weights.working.prediction_norm),
      norm_gradients_(weights.gradients.prediction_norm),
      dense_(weights.working.prediction_dense, weights.gradients.prediction_dense, library),
      output_({weights.working.word_embeddings, weights.working.prediction_bias},
              {weights.gradients.word_embeddings, weights.gradients.prediction_bias}, library) {}

MaskedLmHead::Pass MaskedLmHead::Forward(const at::Tensor& x) const {
  Pass pass;
  pass.dense = dense_.Forward(x);
  pass.h =
      pass.norm.Forward(at::gelu(pass.dense, GeluKind(config_.hidden_act)), norm_, config_.layer_norm_eps);
  return pass;
}

at::Tensor MaskedLmHead::AccumulateGradients(const at::Tensor& x, const at::Tensor& labels, double weight,
                                             BatchResult* result) {
  const Pass pass = Forward(x);
  const at::Tensor logits = output_.Forward(pass.h);
  *result = EvaluateLogits(logits, labels, &weight);
  const at::Tensor dactivated = pass.norm.Backward(output_.Backward(logits, pass.h), norm_, norm_gradients_);
  return dense_.Backward(at::gelu_backward(dactivated, pass.dense, GeluKind(config_.hidden_act)), x);
}

at::Tensor MaskedLmHead::Logits(const at::Tensor& x) const {
  return output_.Forward(Forward(x).h).to(at::kFloat);
}

BatchResult MaskedLmHead::Evaluate(const at::Tensor& x, const at::Tensor& labels) const {
  return EvaluateLogits(output_.Forward(Forward(x).h), labels, /*weight=*/nullptr);
}

void MaskedLmHead::Refresh() {
  dense_.Refresh();
  output_.Refresh();
}

}  // namespace newsgenre
