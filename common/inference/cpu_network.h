// The network on the CPU, by rows: each thread takes its share of a batch's tokens through a whole layer, a
// few dozen at a time, so that what passes from one operator to the next stays in its caches, and all meet
// once a layer, since attention sees the other threads' tokens. Activations are fp32; each linear map runs on
// the fastest kernel that this machine has for the precision.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/device/precision.h"
#include "common/inference/network.h"
#include "common/kernels/linear_kernel.h"

namespace newsgenre {

class CpuNetwork : public Network {
 public:
  // Times the kernels on the calling thread's CPU threads. The caller holds an at::NoGradGuard.
  CpuNetwork(const Albert& model, Precision precision);

  // On the calling thread's CPU threads. A text's logits do not depend on the rest of the batch, but for
  // rounding. A padded batch's texts of length 0 have a result that means nothing.
  at::Tensor Logits(const PackedBatch& batch) const override;
  std::vector<KernelChoice> kernels() const override { return choices_; }

 private:
  struct Piece;
  using Kernel = std::shared_ptr<const LinearKernel>;

  Kernel Choose(const LinearMap& map, Precision precision);
  void RunPiece(const Piece& piece, float* first) const;
  // Each for the rows (or texts, in the last layer) from `begin` to `end`, on the calling thread.
  void Embed(const Piece& piece, int64_t begin, int64_t end, float* x) const;
  void RunLayer(const Piece& piece, int64_t begin, int64_t end, const float* qkv, float* x) const;
  void RunLastLayer(const Piece& piece, int64_t begin, int64_t end, const float* key_value, const float* x,
                    float* first) const;
  // All that comes after attention, from the layer's input in `x` to its output.
  void FinishLayer(const float* context, int64_t rows, float* x) const;
  void Norm(float* x, int64_t rows, const Affine& norm) const;

  const AlbertConfig config_;
  const AlbertWeights weights_;
  const at::Tensor place_embeddings_;  // of a position and of token type 0 together
  std::vector<KernelChoice> choices_;
  Kernel mapping_in_, query_key_value_, dense_, ffn_, ffn_output_;
  Kernel last_query_, last_key_value_;
};

}  // namespace newsgenre
