#include "common/model/attention.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>

namespace newsgenre {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// A text joins a group whose longest text has `longest` tokens if it wastes at most a quarter of its slots.
// Sixteen more may be wasted always: short texts cost less than another group does.
bool JoinsGroup(int64_t length, int64_t longest) { return length + 16 >= longest * 3 / 4; }

}  // namespace

AttentionLayout::AttentionLayout(const PackedBatch& batch, double dropout)
    : rows_(batch.rows()), dropout_(dropout) {
  if (batch.ids.is_cuda() && dropout == 0) {
    packed_.emplace(batch);
  } else {
    LayOutGroups(batch);
  }
}

void AttentionLayout::LayOutGroups(const PackedBatch& batch) {
  std::vector<int64_t> by_length;
  for (int64_t text = 0; text < batch.texts(); ++text) {
    if (batch.length(text) > 0) by_length.push_back(text);
  }
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](int64_t a, int64_t b) { return batch.length(a) > batch.length(b); });

  std::vector<int64_t> rows;
  // What is not written below belongs to no text.
  std::vector<int64_t> back(rows_, 0);
  std::vector<int64_t> first_back(batch.texts(), 0);
  for (auto text = by_length.begin(); text != by_length.end();) {
    const int64_t longest = batch.length(*text);
    const auto end =
        std::find_if(text, by_length.end(), [&](int64_t t) { return !JoinsGroup(batch.length(t), longest); });
    Group group{end - text, longest, {}};
    if (batch.length(*(end - 1)) < longest)
      group.mask = at::full({group.texts, 1, 1, longest}, 0.0, at::kFloat);
    for (int64_t i = 0; text != end; ++text, ++i) {
      const int64_t start = batch.starts[*text];
      const int64_t length = batch.length(*text);
      first_back[*text] = text - by_length.begin();
      for (int64_t j = 0; j < longest; ++j) {
        if (j < length) back[start + j] = static_cast<int64_t>(rows.size());
        rows.push_back(start + (j < length ? j : 0));
      }
      if (length < longest) group.mask[i].narrow(-1, length, longest - length).fill_(kMasked);
    }
    if (group.mask.defined()) group.mask = group.mask.to(batch.ids.device());
    groups_.push_back(std::move(group));
  }
  const auto on_device = [&](const std::vector<int64_t>& indices) {
    return at::tensor(indices, at::kLong).to(batch.ids.device());
  };
  all_ = {on_device(rows), on_device(back)};
  first_ = {on_device(by_length), on_device(first_back)};
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
  const auto queries = q.index_select(0, query_slots.rows).split_with_sizes(query_sizes);
  const auto keys = k.index_select(0, all_.rows).split_with_sizes(key_sizes);
  const auto values = v.index_select(0, all_.rows).split_with_sizes(key_sizes);

  std::vector<at::Tensor> contexts;
  for (size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    // [slots, hidden] to [texts, heads, length, width]
    const auto by_head = [&](const at::Tensor& x) {
      return x.view({group.texts, -1, heads, x.size(1) / heads}).transpose(1, 2);
    };
    const at::Tensor context = at::scaled_dot_product_attention(
        by_head(queries[i]), by_head(keys[i]), by_head(values[i]),
        group.mask.defined() ? std::optional<at::Tensor>(group.mask) : std::nullopt, dropout_);
    contexts.push_back(context.transpose(1, 2).reshape({query_sizes[i], q.size(1)}));
  }
  return at::cat(contexts).index_select(0, query_slots.back);
}

}  // namespace newsgenre
