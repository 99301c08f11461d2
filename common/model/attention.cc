#include "common/model/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/kernels/dropout.h"

namespace newsgenre {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// Returns whether a text joins a group whose longest text has `longest` tokens: whether at most a quarter of
// its slots, plus sixteen, would be padding. The sixteen let short texts share a group, because padding costs
// them less than another group would.
bool JoinsGroup(int64_t length, int64_t longest) { return length + 16 >= longest * 3 / 4; }

// Rearranges [texts · slots, hidden] to [texts · heads, slots, width].
at::Tensor ByHead(const at::Tensor& x, int64_t texts, int64_t heads) {
  const int64_t width = x.size(1) / heads;
  return x.view({texts, -1, heads, width}).transpose(1, 2).reshape({texts * heads, -1, width});
}

}  // namespace

AttentionLayout::AttentionLayout(const PackedBatch& batch, double dropout)
    : rows_(batch.rows()), dropout_(dropout) {
  if (batch.ids.is_cuda() && dropout == 0) {
    packed_.emplace(batch);
  } else {
    MakeGroups(batch);
  }
}

void AttentionLayout::MakeGroups(const PackedBatch& batch) {
  std::vector<int64_t> by_length;
  for (int64_t text = 0; text < batch.texts(); ++text) {
    if (batch.length(text) > 0) by_length.push_back(text);
  }
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](int64_t a, int64_t b) { return batch.length(a) > batch.length(b); });

  std::vector<int64_t> row_of_slot;
  // Rows that the loop does not write belong to no text.
  std::vector<int64_t> slot_of_row(rows_, 0);
  std::vector<int64_t> first_slot(batch.texts(), 0);
  for (auto text = by_length.begin(); text != by_length.end();) {
    const int64_t longest = batch.length(*text);
    const auto end =
        std::find_if(text, by_length.end(), [&](int64_t t) { return !JoinsGroup(batch.length(t), longest); });
    Group group{end - text, longest, {}};
    if (batch.length(*(end - 1)) < longest) group.mask = at::full({group.texts, 1, longest}, 0.0, at::kFloat);
    for (int64_t i = 0; text != end; ++text, ++i) {
      const int64_t start = batch.starts[*text];
      const int64_t length = batch.length(*text);
      first_slot[*text] = text - by_length.begin();
      for (int64_t j = 0; j < longest; ++j) {
        if (j < length) slot_of_row[start + j] = static_cast<int64_t>(row_of_slot.size());
        row_of_slot.push_back(start + (j < length ? j : 0));
      }
      if (length < longest) group.mask[i].narrow(-1, length, longest - length).fill_(kMasked);
    }
    if (group.mask.defined()) group.mask = SendTo(batch.ids.device(), group.mask);
    groups_.push_back(std::move(group));
  }
  const auto on_device = [&](const std::vector<int64_t>& indices) {
    return SendTo(batch.ids.device(), at::tensor(indices, at::kLong));
  };
  all_ = {on_device(row_of_slot), on_device(slot_of_row)};
  first_ = {on_device(by_length), on_device(first_slot)};
}

at::Tensor AttentionLayout::Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                   int64_t heads) const {
  return packed_ ? packed_->Attend(q, k, v, heads) : AttendInGroups(q, k, v, heads);
}

at::Tensor AttentionLayout::AttendInGroups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                           int64_t heads) const {
  const bool all_queries = q.size(0) == rows_;
  const Slots& query_slots = all_queries ? all_ : first_;
  std::vector<int64_t> query_sizes, key_sizes;
  for (const Group& group : groups_) {
    key_sizes.push_back(group.texts * group.length);
    query_sizes.push_back(all_queries ? key_sizes.back() : group.texts);
  }
  const auto queries = q.index_select(0, query_slots.row_of_slot).split_with_sizes(query_sizes);
  const auto keys = k.index_select(0, all_.row_of_slot).split_with_sizes(key_sizes);
  const auto values = v.index_select(0, all_.row_of_slot).split_with_sizes(key_sizes);

  std::vector<at::Tensor> contexts;
  for (size_t i = 0; i < groups_.size(); ++i)
    contexts.push_back(AttendGroup(groups_[i], queries[i], keys[i], values[i], heads));
  return at::cat(contexts).index_select(0, query_slots.slot_of_row);
}

// Uses two matrix products, because at::scaled_dot_product_attention takes two to four times as long on a CPU
// at the length of news, both forward and backward. Computes in fp32 on the CPU, because oneDNN, which would
// multiply bf16, prepares a kernel for every number of texts and slots that it has not seen recently.
at::Tensor AttentionLayout::AttendGroup(const Group& group, const at::Tensor& q, const at::Tensor& k,
                                        const at::Tensor& v, int64_t heads) const {
  const int64_t width = q.size(1) / heads;
  const auto by_head = [&](const at::Tensor& x) {
    return ByHead(x.is_cpu() ? x.to(at::kFloat) : x, group.texts, heads);
  };
  const at::Tensor queries = by_head(q), keys = by_head(k);
  const bool masked = group.mask.defined();
  const at::Tensor mask = masked ? group.mask.to(keys.scalar_type()).repeat_interleave(heads, 0)
                                 : at::zeros({1, 1, 1}, keys.options());
  const at::Tensor scores = at::baddbmm(mask, queries, keys.transpose(1, 2), /*beta=*/masked ? 1 : 0,
                                        /*alpha=*/1 / std::sqrt(static_cast<double>(width)));
  at::Tensor weights = at::softmax(scores, -1);
  if (dropout_ > 0) weights = weights * DropoutMask(weights, dropout_);
  const at::Tensor context = at::bmm(weights, by_head(v));
  return context.view({group.texts, heads, -1, width}).transpose(1, 2).reshape(q.sizes()).to(q.scalar_type());
}

}  // namespace newsgenre
