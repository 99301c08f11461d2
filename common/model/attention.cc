#include "common/model/attention.h"

#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace newsgenre {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// A text joins a group whose longest text has `longest` tokens if it wastes at most a quarter of its slots.
// Sixteen more may be wasted always: short texts cost less than another group does.
bool JoinsGroup(int64_t length, int64_t longest) { return length + 16 >= longest * 3 / 4; }

}  // namespace

AttentionLayout::AttentionLayout(const PackedBatch& batch, double dropout)
    : texts_(batch.texts()), tokens_(batch.tokens()), dropout_(dropout) {
  if (!batch.ids.is_cuda() || dropout > 0) {
    LayOutGroups(batch);
    return;
  }
  for (int64_t text = 0; text < texts_; ++text) max_length_ = std::max(max_length_, batch.length(text));
  starts_ = batch.device_starts.to(at::kInt);
  ones_ = at::arange(texts_ + 1, starts_.options());
}

void AttentionLayout::LayOutGroups(const PackedBatch& batch) {
  std::vector<int64_t> by_length(texts_);
  std::iota(by_length.begin(), by_length.end(), 0);
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](int64_t a, int64_t b) { return batch.length(a) > batch.length(b); });

  std::vector<int64_t> rows;
  std::vector<int64_t> back(tokens_);
  std::vector<int64_t> first_back(texts_);
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
  return groups_.empty() ? AttendPacked(q, k, v, heads) : AttendInGroups(q, k, v, heads);
}

at::Tensor AttentionLayout::AttendInGroups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                           int64_t heads) const {
  const bool all_queries = q.size(0) == tokens_;
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

at::Tensor AttentionLayout::AttendPacked(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                         int64_t heads) const {
  const bool all_queries = q.size(0) == tokens_;
  const auto by_head = [&](const at::Tensor& x) { return x.view({1, x.size(0), heads, x.size(1) / heads}); };
  const at::Tensor context = std::get<0>(at::_efficient_attention_forward(
      by_head(q), by_head(k), by_head(v), /*bias=*/{}, all_queries ? starts_ : ones_, starts_,
      all_queries ? max_length_ : 1, max_length_, /*dropout_p=*/0.0, /*custom_mask_type=*/0,
      /*compute_log_sumexp=*/q.requires_grad()));
  return context.reshape(q.sizes());
}

}  // namespace newsgenre
