#include "common/text/unigram_model.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/text/utf8.h"

namespace newsgenre {
namespace {

constexpr uint32_t kByteValues = 256;

}  // namespace

absl::StatusOr<UnigramModel> UnigramModel::FromPieces(std::vector<Piece> pieces, const Unknown& unknown) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.text < b.text; });
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].text.empty() || (i > 0 && pieces[i].text == pieces[i - 1].text)) {
      return absl::InvalidArgumentError(
          absl::StrCat("piece ", pieces[i].id, " of the vocabulary is empty or a duplicate"));
    }
  }
  UnigramModel model(unknown);
  model.Build(pieces);
  model.is_best_alone_.resize(model.nodes_.size());
  std::vector<int32_t> ids;
  for (const Piece& piece : pieces) {
    if (!IsValidUtf8(piece.text)) {
      continue;  // words are valid UTF-8
    }
    ids.clear();
    model.AppendBestPieces(piece.text, &ids);
    model.is_best_alone_[model.NodeOf(piece.text)] = ids.size() == 1 && ids[0] == piece.id;
  }
  return model;
}

uint32_t UnigramModel::FindFreeSlots(std::string_view labels, uint32_t* first_free) {
  // If more than this share of the slots that a search passes is taken, later searches start after them.
  constexpr double kCrowded = 0.95;
  const auto byte = [](char label) { return static_cast<unsigned char>(label); };
  const auto is_free = [this](uint32_t slot) { return nodes_[slot].parent == kNone; };
  // The slot of the first child. It is above byte(labels[0]), so that `children` is above 0, the root's slot.
  const uint32_t start = std::max<uint32_t>(*first_free, byte(labels[0]) + 1);
  uint32_t taken = 0;
  for (uint32_t slot = start;; ++slot) {
    const uint32_t children = slot - byte(labels[0]);
    if (nodes_.size() < children + kByteValues) nodes_.resize(2 * (children + kByteValues));
    if (!is_free(slot)) {
      ++taken;
      continue;
    }
    const bool fits = std::all_of(labels.begin(), labels.end(),
                                  [&](char label) { return is_free(children + byte(label)); });
    if (!fits) continue;
    if (start == *first_free && slot > start && taken >= kCrowded * (slot - start)) *first_free = slot;
    return children;
  }
}

void UnigramModel::Build(const std::vector<Piece>& sorted) {
  struct Range {  // pieces [begin, end), which have the node's bytes as a prefix of size `depth`
    uint32_t node;
    size_t begin, end, depth;
  };
  nodes_.resize(kByteValues);
  nodes_[0].parent = 0;
  uint32_t first_free = 1, last_slot = 0;
  std::vector<Range> ranges = {{0, 0, sorted.size(), 0}};
  for (size_t i = 0; i < ranges.size(); ++i) {
    auto [node, begin, end, depth] = ranges[i];
    if (begin < end && sorted[begin].text.size() == depth) {
      nodes_[node].id = sorted[begin].id;
      nodes_[node].score = sorted[begin].score;
      ++begin;
    }
    if (begin == end) continue;
    std::string labels;
    std::vector<size_t> begins;
    for (size_t piece = begin; piece < end; ++piece) {
      const char label = sorted[piece].text[depth];
      if (!labels.empty() && labels.back() == label) continue;
      labels += label;
      begins.push_back(piece);
    }
    begins.push_back(end);
    const uint32_t children = FindFreeSlots(labels, &first_free);
    nodes_[node].children = children;
    for (size_t child = 0; child < labels.size(); ++child) {
      const uint32_t slot = children + static_cast<unsigned char>(labels[child]);
      nodes_[slot].parent = node;
      last_slot = std::max(last_slot, slot);
      ranges.push_back({slot, begins[child], begins[child + 1], depth + 1});
    }
  }
  nodes_.resize(last_slot + kByteValues);  // keeps the child lookup of every node in bounds
  nodes_.shrink_to_fit();
}

uint32_t UnigramModel::Child(uint32_t node, char byte) const {
  const uint32_t child = nodes_[node].children + static_cast<unsigned char>(byte);
  return nodes_[child].parent == node ? child : kNone;
}

uint32_t UnigramModel::NodeOf(std::string_view word) const {
  uint32_t node = 0;
  for (size_t i = 0; i < word.size() && node != kNone; ++i) node = Child(node, word[i]);
  return node;
}

void UnigramModel::FindBestSteps(std::string_view word, Step* best) const {
  size_t character_end = 0;
  for (size_t begin = 0; begin < word.size(); begin = character_end) {
    character_end = begin + Utf8Length(word[begin]);
    const auto offer = [best, begin](size_t end, int32_t id, double score) {
      const double sum = best[begin].score + score;
      if (best[end].id < 0 || sum > best[end].score) {
        best[end] = {id, begin, sum};
      }
    };
    bool character_is_known = false;
    uint32_t node = 0;
    for (size_t end = begin; end < word.size() && (node = Child(node, word[end])) != kNone;) {
      ++end;
      if (nodes_[node].id >= 0) {
        offer(end, nodes_[node].id, nodes_[node].score);
        character_is_known |= end == character_end;
      }
    }
    if (!character_is_known) {
      offer(character_end, unknown_.id, unknown_.score);
    }
  }
}

void UnigramModel::Encode(std::string_view word, std::vector<int32_t>* ids) const {
  const uint32_t node = NodeOf(word);
  if (node != kNone && is_best_alone_[node]) {
    ids->push_back(nodes_[node].id);
  } else {
    AppendBestPieces(word, ids);
  }
}

void UnigramModel::AppendBestPieces(std::string_view word, std::vector<int32_t>* ids) const {
  constexpr size_t kUsualSteps = 32;
  absl::InlinedVector<Step, kUsualSteps> best(word.size() + 1);
  FindBestSteps(word, best.data());
  const auto first = static_cast<std::ptrdiff_t>(ids->size());
  bool after_unknown = false;
  for (size_t end = word.size(); end > 0; end = best[end].begin) {
    const bool unknown = best[end].id == unknown_.id;
    if (!(unknown && after_unknown)) {
      ids->push_back(best[end].id);
    }
    after_unknown = unknown;
  }
  std::reverse(ids->begin() + first, ids->end());
}

}  // namespace newsgenre
