#include "trainer/network/training_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

#include "common/kernels/dropout.h"
#include "trainer/network/masked_lm_head.h"
#include "trainer/network/passes.h"

namespace newsgenre {
namespace {

// Uses autograd in fp32: it has one row per text and at most two small linear maps.
class ClassificationHead : public TrainingHead {
 public:
  ClassificationHead(const AlbertConfig& config, const HeadWeights& weights)
      : dropout_(config.classifier_dropout_prob),
        pooler_(Leaves(weights.values.pooler, weights.gradients.pooler)),
        classifier_(Leaves(weights.values.classifier, weights.gradients.classifier)) {}

  at::Tensor AccumulateGradients(const at::Tensor& x, const at::Tensor& labels, double weight,
                                 BatchResult* result) override {
    const at::AutoGradMode record(true);
    const at::Tensor first = Leaf(x);
    const at::Tensor logits = Run(first, dropout_);
    const at::Tensor loss = at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Sum);
    (loss * weight).backward();
    *result = Result(loss.detach(), logits.detach(), labels);
    return first.grad();
  }

  at::Tensor Logits(const at::Tensor& x) const override { return Run(x, /*dropout=*/0); }

  BatchResult Evaluate(const at::Tensor& x, const at::Tensor& labels) const override {
    const at::Tensor logits = Logits(x);
    return Result(at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Sum), logits, labels);
  }

 private:
  // Returns autograd leaves that share `values` and accumulate into `gradients`.
  static Affine Leaves(const Affine& values, const Affine& gradients) {
    const auto leaf = [](const at::Tensor& value, const at::Tensor& gradient) {
      if (!value.defined()) return value;
      at::Tensor shared = Leaf(value);
      shared.mutable_grad() = gradient;
      return shared;
    };
    return {leaf(values.weight, gradients.weight), leaf(values.bias, gradients.bias)};
  }

  static BatchResult Result(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
    BatchResult result;
    result.loss = loss;
    result.correct = logits.argmax(/*dim=*/1).eq(labels).sum();
    return result;
  }

  at::Tensor Run(const at::Tensor& first, double dropout) const {
    at::Tensor x = first.to(at::kFloat);
    if (pooler_.weight.defined()) x = at::tanh(at::linear(x, pooler_.weight, pooler_.bias));
    if (dropout > 0) x = x * DropoutMask(x, dropout);
    return at::linear(x, classifier_.weight, classifier_.bias);
  }

  const double dropout_;
  const Affine pooler_, classifier_;
};

}  // namespace

std::unique_ptr<TrainingHead> MakeTrainingHead(const AlbertConfig& config, Head head,
                                               const HeadWeights& weights, ProductLibrary library) {
  if (head == Head::kMaskedLm) return std::make_unique<MaskedLmHead>(config, weights, library);
  return std::make_unique<ClassificationHead>(config, weights);
}

}  // namespace newsgenre
