// AdamW (Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101) with clipped
// gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "trainer/network/flat_parameters.h"

namespace newsgenre {

struct OptimizerConfig {
  double weight_decay = 0.01;  // of the matrices; not of biases and norms. 0: plain Adam
  double clip_norm = 1.0;      // bound on the norm of all gradients together; 0: none
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Owns the moments, on the parameters' device; shares the parameters. One thread at a time.
class Optimizer {
 public:
  Optimizer(const FlatParameters& parameters, const OptimizerConfig& config);

  // One step t from the gradients g, [count]. Undefined `word_rows`: of all weights. Else [rows] int64, on
  // the device: those rows of the word embeddings that may have gradients other than 0; a row may come more
  // than once, on the CPU only once. The other rows stay as they are, moments and all, and cost nothing (as
  // with torch's SparseAdam).
  //   g ← g · min(1, clip_norm / ‖g‖)
  //   m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
  //   θ ← θ - lr · decay · θ - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε)
  // Doesn't wait for a GPU. May change g.
  void Step(double learning_rate, const at::Tensor& gradients, const at::Tensor& word_rows);

  // The moments m and v, [count]: with the number of steps taken all that a step remembers. What is written
  // into them counts.
  const at::Tensor& means() const { return means_; }
  const at::Tensor& squares() const { return squares_; }
  void set_steps(int64_t steps);

 private:
  // Weights with what belongs to them, all of one shape.
  struct Part {
    at::Tensor values, gradients, means, squares;
  };
  Part Slice(const at::Tensor& gradients, int64_t start, int64_t end) const;
  void StepPart(const Part& part, double weight_decay, double learning_rate,
                const std::optional<at::Tensor>& divisor) const;

  const FlatParameters parameters_;
  const OptimizerConfig config_;
  at::Tensor means_, squares_;
  at::Tensor step_;  // t, fp32 on the device
};

}  // namespace newsgenre
