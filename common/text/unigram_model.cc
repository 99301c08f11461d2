#include "common/text/unigram_model.h"

#include <algorithm>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/text/utf8.h"

namespace newsgenre {

absl::StatusOr<UnigramModel> UnigramModel::FromPieces(std::vector<Piece> pieces, const Unknown& unknown) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.text < b.text; });
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].text.empty() || (i > 0 && pieces[i].text == pieces[i - 1].text)) {
      return absl::InvalidArgumentError(
          absl::StrCat("piece ", pieces[i].id, " of the vocabulary is empty or a repetition"));
    }
  }
  UnigramModel model(unknown);
  model.Build(pieces);
  std::vector<int32_t> ids;
  for (const Piece& piece : pieces) {
    if (!IsValidUtf8(piece.text)) {
      continue;  // no word has it
    }
    ids.clear();
    model.AppendBestPieces(piece.text, &ids);
    if (ids.size() == 1 && ids[0] == piece.id) {
      model.whole_.emplace(piece.text, piece.id);
    }
  }
  return model;
}

// Level by level, so that a node's children get places one after the other.
void UnigramModel::Build(const std::vector<Piece>& sorted) {
  struct Range {  // the pieces that begin with a node's bytes
    size_t begin, end, depth;
  };
  std::vector<Range> ranges = {{0, sorted.size(), 0}};
  nodes_.emplace_back();
  labels_ = '\0';
  for (size_t node = 0; node < nodes_.size(); ++node) {
    auto [begin, end, depth] = ranges[node];
    if (begin < end && sorted[begin].text.size() == depth) {
      nodes_[node].id = sorted[begin].id;
      nodes_[node].score = sorted[begin].score;
      ++begin;
    }
    nodes_[node].first_child = static_cast<uint32_t>(nodes_.size());
    while (begin < end) {
      const char label = sorted[begin].text[depth];
      size_t next = begin;
      while (next < end && sorted[next].text[depth] == label) ++next;
      nodes_.emplace_back();
      labels_ += label;
      ranges.push_back({begin, next, depth + 1});
      ++nodes_[node].children;
      begin = next;
    }
  }
}

uint32_t UnigramModel::Child(uint32_t node, char byte) const {
  const Node& parent = nodes_[node];
  const char* const labels = labels_.data() + parent.first_child;
  const void* const found = std::memchr(labels, static_cast<unsigned char>(byte), parent.children);
  if (found == nullptr) {
    return 0;
  }
  return parent.first_child + static_cast<uint32_t>(static_cast<const char*>(found) - labels);
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
    for (size_t end = begin; end < word.size() && (node = Child(node, word[end])) != 0;) {
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
  const auto whole = whole_.find(absl::string_view(word.data(), word.size()));
  if (whole != whole_.end()) {
    ids->push_back(whole->second);
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
