// AdamW (Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101) with clipped
// gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "common/model/albert.h"

namespace newsgenre {

struct OptimizerConfig {
  double weight_decay =
      0.01;                // not of biases and layer norms, the parameters with one dimension; 0: plain Adam
  double clip_norm = 1.0;  // bound on the norm of all gradients together
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Owns the moments, on the parameters' device; shares the parameters. One thread at a time.
class Optimizer {
 public:
  // Every parameter requires a gradient and stays on its device.
  Optimizer(const TensorMap& parameters, const OptimizerConfig& config);

  // One step t from the gradients g that backward() left in the parameters θ, which are then dropped:
  //   g ← g · min(1, clip_norm / ‖all g‖)
  //   m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
  //   θ ← θ - lr · decay · θ - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε)
  // Doesn't wait for a GPU.
  void Step(double learning_rate);

 private:
  // Parameters with the same weight decay.
  struct Group {
    double weight_decay;
    std::vector<at::Tensor> parameters, means, squares, steps;
  };

  void ClipGradients(const std::vector<at::Tensor>& gradients) const;

  const OptimizerConfig config_;
  at::Tensor step_;  // t, which all parameters share
  Group groups_[2];
};

}  // namespace newsgenre
