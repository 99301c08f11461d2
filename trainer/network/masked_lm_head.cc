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

// Logits that stay in a CPU's cache while several operators pass over them.
constexpr int64_t kLogitsAtOnce = int64_t{1} << 20;

// Judges `logits`, [rows, pieces]; with a weight, puts the gradients of weight · (sum of the losses) in their
// place.
BatchResult JudgeLogits(const at::Tensor& logits, const at::Tensor& labels, const double* weight) {
  BatchResult result = {at::zeros({}, logits.options().dtype(at::kFloat)), at::zeros({}, labels.options())};
  const int64_t rows = logits.size(0);
  const int64_t step = logits.is_cpu() ? std::max<int64_t>(kLogitsAtOnce / logits.size(1), 1) : rows;
  for (int64_t start = 0; start < rows; start += step) {
    const at::Tensor part = logits.slice(0, start, start + step);
    const at::Tensor some = labels.slice(0, start, start + step);
    const at::Tensor counts = some.ne(kNoLabel).unsqueeze(1);
    const at::Tensor right = some.clamp_min(0).unsqueeze(1);
    at::Tensor log_probabilities = at::log_softmax(part, 1, at::kFloat);
    const at::Tensor of_right = log_probabilities.gather(1, right);
    result.loss.sub_(of_right.mul(counts).sum());
    result.correct.add_(log_probabilities.argmax(1, /*keepdim=*/true).eq(right).logical_and_(counts).sum());
    if (weight == nullptr) continue;
    const at::Tensor scale = counts.to(at::kFloat).mul_(*weight);
    part.copy_(log_probabilities.exp_().scatter_add_(1, right, at::full_like(of_right, -1)).mul_(scale));
  }
  return result;
}

}  // namespace

MaskedLmHead::MaskedLmHead(const AlbertConfig& config, const HeadWeights& weights, ProductLibrary library)
    : config_(config),
      norm_(weights.working.prediction_norm),
      norm_gradients_(weights.gradients.prediction_norm),
      dense_(weights.working.prediction_dense, weights.gradients.prediction_dense, library),
      words_({weights.working.word_embeddings, weights.working.prediction_bias},
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
  const at::Tensor logits = words_.Forward(pass.h);
  *result = JudgeLogits(logits, labels, &weight);
  const at::Tensor dactivated = pass.norm.Backward(words_.Backward(logits, pass.h), norm_, norm_gradients_);
  return dense_.Backward(at::gelu_backward(dactivated, pass.dense, GeluKind(config_.hidden_act)), x);
}

at::Tensor MaskedLmHead::Logits(const at::Tensor& x) const {
  return words_.Forward(Forward(x).h).to(at::kFloat);
}

BatchResult MaskedLmHead::Evaluate(const at::Tensor& x, const at::Tensor& labels) const {
  return JudgeLogits(words_.Forward(Forward(x).h), labels, /*weight=*/nullptr);
}

void MaskedLmHead::Refresh() {
  dense_.Refresh();
  words_.Refresh();
}

}  // namespace newsgenre
