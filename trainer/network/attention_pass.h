// The attention of a network that learns, with its gradient.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <optional>
#include <string>
#include <vector>

#include "common/model/attention.h"
#include "common/model/packed_batch.h"
#include "trainer/network/training_attention.h"

namespace newsgenre {

// Who does the attention of a network on `device`: "AVX-512", "AVX2" or "torch".
std::string AttentionKernel(c10::Device device, double dropout);

// How the texts of a batch attend, the same in all layers: on a CPU with AVX2 by a kernel of our own,
// elsewhere and with dropout by torch's operators. Immutable.
class BatchAttention {
 public:
  // `dropout`: the share of attention probabilities that is dropped.
  BatchAttention(const PackedBatch& batch, int64_t heads, double dropout);

 private:
  friend struct AttentionPass;

  int64_t heads_;
  std::optional<TrainingAttention> own_;
  std::optional<AttentionLayout> layout_;  // where there is no own_
};

// Keys, queries and values of a layer's rows are three matrices, or one, [rows, 3 · hidden], that has them
// side by side. There may be one query a text (attention.h). One thread at a time.
struct AttentionPass {
  std::vector<at::Tensor> projections;
  AttentionOutput attended;  // log_sums: where the kernel is our own

  // The context, as the queries. Without `training` there is no way back.
  at::Tensor Forward(const BatchAttention& attention, std::vector<at::Tensor> in, bool training);
  // The gradients of the projections, from that of the context.
  std::vector<at::Tensor> Backward(const BatchAttention& attention, const at::Tensor& dcontext) const;
};

}  // namespace newsgenre
