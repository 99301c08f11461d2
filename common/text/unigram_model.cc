#include "common/text/unigram_model.h"

#include <algorithm>

#include "common/text/utf8.h"

namespace newsgenre {
namespace {

uint64_t EdgeKey(uint32_t node, char byte) { return uint64_t{node} << 8 | static_cast<unsigned char>(byte); }

}  // namespace

std::optional<uint32_t> UnigramModel::Child(uint32_t node, char byte) const {
  const auto found = children_.find(EdgeKey(node, byte));
  return found == children_.end() ? std::nullopt : std::optional<uint32_t>(found->second);
}

bool UnigramModel::Add(std::string_view piece, int32_t id, double score) {
  uint32_t node = 0;
  for (const char byte : piece) {
    const auto [edge, is_new] = children_.try_emplace(EdgeKey(node, byte), nodes_.size());
    if (is_new) {
      nodes_.emplace_back();
    }
    node = edge->second;
  }
  if (node == 0 || nodes_[node].id >= 0) {
    return false;
  }
  nodes_[node] = {id, score};
  return true;
}

std::vector<UnigramModel::Step> UnigramModel::BestSteps(std::string_view word) const {
  std::vector<Step> best(word.size() + 1);
  size_t character_end = 0;
  for (size_t begin = 0; begin < word.size(); begin = character_end) {
    character_end = begin + Utf8Length(word[begin]);
    const auto offer = [&best, begin](size_t end, int32_t id, double score) {
      const double sum = best[begin].score + score;
      if (best[end].id < 0 || sum > best[end].score) {
        best[end] = {id, begin, sum};
      }
    };
    bool character_is_known = false;
    std::optional<uint32_t> node = 0;
    for (size_t end = begin; end < word.size() && (node = Child(*node, word[end]));) {
      ++end;
      if (nodes_[*node].id >= 0) {
        offer(end, nodes_[*node].id, nodes_[*node].score);
        character_is_known |= end == character_end;
      }
    }
    if (!character_is_known) {
      offer(character_end, unknown_id_, unknown_score_);
    }
  }
  return best;
}

void UnigramModel::Encode(std::string_view word, std::vector<int32_t>* ids) const {
  const std::vector<Step> best = BestSteps(word);
  const auto first = static_cast<std::ptrdiff_t>(ids->size());
  bool after_unknown = false;
  for (size_t end = word.size(); end > 0; end = best[end].begin) {
    const bool unknown = best[end].id == unknown_id_;
    if (!(unknown && after_unknown)) {
      ids->push_back(best[end].id);
    }
    after_unknown = unknown;
  }
  std::reverse(ids->begin() + first, ids->end());
}

}  // namespace newsgenre
