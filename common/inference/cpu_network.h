// The network on the CPU. Each thread takes its share of a batch's tokens through a whole layer, a few dozen
// at a time, so that the values between operators stay in its caches. The threads synchronize once per layer,
// because attention reads the tokens of other threads. Activations are fp32. Each linear map runs on the
// fastest kernel that this machine has for the precision.
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
  // Takes each linear map's kernel from `kernels`, or times the candidates on the calling thread's CPU
  // threads if `kernels` names none that this CPU has. The caller holds an at::NoGradGuard. Throws torch's
  // exceptions.
  CpuNetwork(const Albert& model, Precision precision, const std::vector<KernelChoice>& kernels = {});

  // Runs on the calling thread's CPU threads. A text's logits depend on the rest of the batch only by
  // rounding. Accepts padded batches; the logits of texts of length 0 are meaningless.
  at::Tensor Logits(const PackedBatch& batch) const override;
  c10::Device device() const override { return c10::kCPU; }
  std::vector<KernelChoice> kernels() const override { return choices_; }

 private:
  struct Piece;
  using Kernel = std::shared_ptr<const LinearKernel>;

  Kernel Choose(const LinearMap& map, Precision precision, const std::vector<KernelChoice>& kernels);
  // Runs a piece through all layers and writes the last layer's first tokens, [texts, hidden], to `first`.
  void RunPiece(const Piece& piece, float* first) const;
  // The steps below run on the calling thread, for the rows from `begin` to `end` - 1. In the last layer,
  // `begin` and `end` count texts.
  void Embed(const Piece& piece, int64_t begin, int64_t end, float* x) const;
  void RunLayer(const Piece& piece, int64_t begin, int64_t end, const float* qkv, float* x) const;
  void RunLastLayer(const Piece& piece, int64_t begin, int64_t end, const float* key_value, const float* x,
                    float* first) const;
  // Runs the part of a layer after attention. `x` holds the layer's input and receives its output.
  void FinishLayer(const float* context, int64_t rows, float* x) const;
  void Norm(float* x, int64_t rows, const Affine& norm) const;

  const AlbertConfig config_;
  const AlbertWeights weights_;
  const at::Tensor position_embeddings_;  // as in PositionEmbeddings
  std::vector<KernelChoice> choices_;
  Kernel mapping_in_, query_key_value_, dense_, ffn_, ffn_output_;
  Kernel last_query_, last_key_value_;
};

}  // namespace newsgenre
