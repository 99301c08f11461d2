// The head of a masked-language model in training.
#pragma once

#include <ATen/core/Tensor.h>

#include "common/model/albert.h"
#include "trainer/network/passes.h"
#include "trainer/network/training_head.h"
#include "trainer/network/training_linear.h"

namespace newsgenre {

// Predicts masked tokens: h = norm(activation(x Wᵀ + b)), logits = h Eᵀ + c, where E is the word embeddings
// (Devlin et al. 2018, arXiv:1810.04805; as in ALBERT, h has the embedding size). Labels are token ids or
// kNoLabel. Not thread-safe.
class MaskedLmHead : public TrainingHead {
 public:
  MaskedLmHead(const AlbertConfig& config, const HeadWeights& weights, ProductLibrary library);

  at::Tensor AccumulateGradients(const at::Tensor& x, const at::Tensor& labels, double weight,
                                 BatchResult* result) override;
  at::Tensor Logits(const at::Tensor& x) const override;
  BatchResult Evaluate(const at::Tensor& x, const at::Tensor& labels) const override;
  void Refresh() override;

 private:
  struct Pass {
    at::Tensor dense;
    NormPass norm;
    at::Tensor h;
  };
  Pass Forward(const at::Tensor& x) const;

  const AlbertConfig config_;
  const Affine norm_, norm_gradients_;
  TrainingLinear dense_, output_;
};

}  // namespace newsgenre
