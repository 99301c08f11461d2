// Attention over a batch without padding, in torch's operators: for GPUs, and for dropout. On the CPU,
// serving uses common/kernels/attention.h and training uses trainer/network/training_attention.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "common/model/cuda_attention.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// The arrangement of a batch's texts for attention, which is the same in all layers. Immutable; safe to use
// from any thread.
class AttentionLayout {
 public:
  // `dropout` is the share of the attention probabilities that is dropped.
  AttentionLayout(const PackedBatch& batch, double dropout);

  // Returns softmax(q kᵀ / √width) v for each text and head (Vaswani et al. 2017, arXiv:1706.03762, section
  // 3.2), in q's shape. `k` and `v` are [rows, hidden]. `q` is [rows, hidden], or [texts, hidden] with one
  // query per text. Each can be a slice of a wider matrix. Supports autograd.
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) const;

 private:
  // On the CPU, and on a GPU with dropout, texts of similar length form a group that is padded to its longest
  // text. (The GPU's kernel for packed texts draws different dropout masks in the backward pass, see PyTorch
  // issue 115590.) A slot is the position of a token or of padding in a group. The slots of all groups are
  // numbered consecutively, text by text.
  struct Group {
    int64_t texts;
    int64_t length;  // slots per text
    // [texts, 1, length], added to the scores: 0, or -∞ on padding. Undefined without padding.
    at::Tensor mask;
  };
  // The slots of all queries, or of one query per text.
  struct Slots {
    at::Tensor row_of_slot;  // the packed row in each slot; on padding, any row of the same text
    at::Tensor slot_of_row;  // the slot of each packed row
  };

  void MakeGroups(const PackedBatch& batch);
  at::Tensor AttendInGroups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            int64_t heads) const;
  at::Tensor AttendGroup(const Group& group, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         int64_t heads) const;

  int64_t rows_;
  double dropout_;
  std::optional<CudaAttention> packed_;  // on a GPU without dropout
  // The groups in all other cases.
  std::vector<Group> groups_;
  Slots all_;
  Slots first_;
};

}  // namespace newsgenre
