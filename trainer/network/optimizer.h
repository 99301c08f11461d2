// AdamW (Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101) with gradient
// clipping.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "trainer/network/flat_parameters.h"

namespace newsgenre {

struct AdamWConfig {
  double weight_decay = 0.01;  // applies to matrices, not to biases and norm weights; 0 gives plain Adam
  double clip_norm = 1.0;      // the highest norm of all gradients together; 0 disables clipping
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Owns the moments, on the parameters' device; shares the parameters. Not thread-safe.
class Optimizer {
 public:
  Optimizer(const FlatParameters& parameters, const AdamWConfig& config);

  // Takes step t with the gradients g, [count], and can overwrite them. Doesn't wait for a GPU.
  //   g ← g · min(1, clip_norm / ‖g‖)
  //   m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
  //   θ ← θ - lr · decay · θ - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε)
  //
  // `word_rows`, [rows] int64 on the device, lists all rows of the word embeddings with gradients other than
  // 0. Only these rows and their moments are updated, as with torch's SparseAdam, so the others cost nothing.
  // On a GPU a row can occur more than once. If undefined, all rows are updated.
  void Step(double learning_rate, const at::Tensor& gradients, const at::Tensor& word_rows);

  // The moments m and v, [count]. Together with the number of steps they are the optimizer's whole state.
  // Writing into these tensors restores it.
  const at::Tensor& means() const { return means_; }
  const at::Tensor& squares() const { return squares_; }
  void set_steps(int64_t steps);

 private:
  // A part of the weights with its gradients and moments. All have the same shape.
  struct Part {
    at::Tensor values, gradients, means, squares;
  };
  Part Slice(const at::Tensor& gradients, int64_t start, int64_t end) const;
  void StepPart(const Part& part, double weight_decay, double learning_rate,
                const std::optional<at::Tensor>& divisor) const;

  const FlatParameters parameters_;
  const AdamWConfig config_;
  at::Tensor means_, squares_;
  at::Tensor step_;  // t, fp32 on the device
};

}  // namespace newsgenre
