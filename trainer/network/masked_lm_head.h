// Tells hidden words: the head of a masked-language model as it learns.
#pragma once

#include <ATen/core/Tensor.h>

#include "common/model/albert.h"
#include "trainer/network/passes.h"
#include "trainer/network/trained_head.h"
#include "trainer/network/trained_linear.h"

namespace newsgenre {

// h = norm(activation(x Wᵀ + b)), logits = h Eᵀ + c, with E the word embeddings (Devlin et al. 2018,
// arXiv:1810.04805; ALBERT's, in the embeddings' size). Labels are pieces' ids, or kNoLabel.
class MaskedLmHead : public TrainedHead {
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
  TrainedLinear dense_, words_;
};

}  // namespace newsgenre
