// Attention over a batch without padding, in torch's operators: on GPUs, and with dropout. (On the CPU see
// cpu/attention.h for serving, cpu/training_attention.h for training.)
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "common/model/cuda_attention.h"
#include "common/model/packed_batch.h"

namespace newsgenre {

// How the texts of a batch lie side by side while they attend; the same for all layers. Immutable: any
// thread.
class AttentionLayout {
 public:
  // `dropout` is the share of attention probabilities that is dropped.
  AttentionLayout(const PackedBatch& batch, double dropout);

  // softmax(q kᵀ / √width) v of every text and head by itself (Vaswani et al. 2017, arXiv:1706.03762,
  // section 3.2). `k` and `v` are [rows, hidden]; `q` is the same, or [texts, hidden] with one query a
  // text. Each may be a slice of a wider matrix. Returns q's shape. Autograd passes through.
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) const;

 private:
  // On the CPU, and on a GPU with dropout (its kernel for packed texts draws other masks backward than
  // forward, PyTorch issue 115590), texts of like length form a group that is padded to its longest. A slot
  // is a place for a token in a padded group; the groups' slots follow each other, text by text.
  struct Group {
    int64_t texts;
    int64_t length;  // slots of each text
    at::Tensor
        mask;  // [texts, 1, length], added to the scores: 0, or -∞ on padding. Undefined without padding.
  };
  // One query or all of each text, as slots.
  struct Slots {
    at::Tensor
        rows;  // for each slot the row of the packed matrix that it holds; on padding any row of its text
    at::Tensor back;  // for each packed row its slot
  };

  void LayOutGroups(const PackedBatch& batch);
  at::Tensor AttendInGroups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            int64_t heads) const;
  at::Tensor AttendGroup(const Group& group, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         int64_t heads) const;

  int64_t rows_;
  double dropout_;
  std::optional<CudaAttention> packed_;  // on a GPU without dropout
  // Elsewhere.
  std::vector<Group> groups_;
  Slots all_;
  Slots first_;
};

}  // namespace newsgenre
